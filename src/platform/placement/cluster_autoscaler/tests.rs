//! Scans worked by hand on nodes like an m6i.large, and what must hold for any cluster.

use proptest::prelude::*;

use super::*;
use crate::units::Bytes;

fn flags() -> ClusterAutoscaler {
    ClusterAutoscaler {
        scan_interval: seconds(10),
        expander: Expander::LeastWaste,
        unneeded_time: seconds(600),
        delay_after_add: seconds(600),
        utilization_threshold: 0.5,
    }
}

fn seconds(seconds: u64) -> Nanos {
    Nanos(seconds * Nanos::SECOND.0)
}

fn resources(milli_vcpu: u64, mib: u64) -> Resources {
    Resources { milli_vcpu, memory: Bytes(mib * Bytes::MIB) }
}

/// 2 vCPUs and 8 GiB, of which 1930 m and 7000 MiB are for pods, 29 at most; daemons: two pods, 200 m and 300 MiB.
fn large(min: u32, max: u32) -> Group {
    let template = Room { allocatable: resources(1930, 7000), max_pods: 29, requested: resources(200, 300), pods: 2 };
    Group { template, capacity: resources(2000, 8192), min, max }
}

/// Twice the machine.
fn xlarge(min: u32, max: u32) -> Group {
    let template = Room { allocatable: resources(3920, 14_800), max_pods: 58, requested: resources(200, 300), pods: 2 };
    Group { template, capacity: resources(4000, 16_384), min, max }
}

fn node<'a>(id: u64, group: usize, stage: Stage, groups: &[Group], pods: &'a [Resources]) -> Node<'a> {
    let mut room = groups[group].template;
    for pod in pods {
        room.add(*pod);
    }
    Node { id, group, stage, room, pods, kept: false }
}

#[test]
fn a_group_is_read_from_its_parameters() {
    let zonal = NodeGroup {
        machine: "m6i.large".to_owned(),
        spot: false,
        min: 2,
        max: 20,
        zones: 3,
        vcpu: 2.0,
        memory: Bytes(8192 * Bytes::MIB),
        allocatable_milli_vcpu: 1930,
        allocatable_memory: Bytes(7000 * Bytes::MIB),
        max_pods: 29,
        cpu_speed: 1.0,
    };
    assert_eq!(Group::new(&zonal, resources(200, 300), 2), large(3, 20));
    assert_eq!(Group::new(&NodeGroup { max: 2, ..zonal }, resources(200, 300), 2), large(2, 2));
}

#[test]
fn ten_pods_of_half_a_vcpu_need_four_nodes() {
    // 1730 m are left beside the daemons: three pods of 500 m each, so 3 + 3 + 3 + 1.
    let mut scaler = NodeScaler::new(flags());
    let pending = [resources(500, 512); 10];
    assert_eq!(scaler.scan(seconds(0), &[large(0, 20)], &[], &pending, 0).grow, Some((0, 4)));
    assert_eq!(scaler.scan(seconds(0), &[large(0, 2)], &[], &pending, 0).grow, Some((0, 2)), "the maximum");
    assert_eq!(scaler.scan(seconds(0), &[large(0, 20)], &[], &[resources(1731, 1)], 0).grow, None, "too large");
}

#[test]
fn large_pods_are_packed_first() {
    // Of 1730 m: 1000 + 700 and 1000 + 400. In the order given it would be 400 + 700, 1000 and 1000.
    let pods = [400, 700, 1000, 1000].map(|milli| resources(milli, 100));
    assert_eq!(NodeScaler::new(flags()).scan(seconds(0), &[large(0, 20)], &[], &pods, 0).grow, Some((0, 2)));
}

#[test]
fn pods_that_fit_upcoming_nodes_are_not_counted() {
    let groups = [large(0, 20)];
    let booting = [node(1, 0, Stage::Booting, &groups, &[]), node(2, 0, Stage::Leaving, &groups, &[])];
    let mut scaler = NodeScaler::new(flags());
    assert_eq!(scaler.scan(seconds(0), &groups, &booting, &[resources(500, 512); 3], 0).grow, None);
    assert_eq!(scaler.scan(seconds(0), &groups, &booting, &[resources(500, 512); 4], 0).grow, Some((0, 1)));
}

#[test]
fn expanders_choose_one_group() {
    let groups = [large(0, 3), xlarge(0, 20)];
    let with = |expander, pending: &[Resources], draw| {
        let mut scaler = NodeScaler::new(ClusterAutoscaler { expander, ..flags() });
        scaler.scan(seconds(0), &groups, &[], pending, draw).grow
    };
    // Six pods of 600 m: three large nodes, of whose CPU 2400 of 6000 m stay unused, or one xlarge, 400 of 4000 m.
    let six = [resources(600, 1000); 6];
    assert_eq!(with(Expander::LeastWaste, &six, 0), Some((1, 1)));
    assert_eq!(with(Expander::MostPods, &six, 0), Some((0, 3)), "a tie, drawn");
    assert_eq!(with(Expander::MostPods, &six, 1), Some((1, 1)), "a tie, drawn");
    // Four pods of 1000 m: three large nodes at most take three, two xlarge take all.
    let four = [resources(1000, 1000); 4];
    assert_eq!(with(Expander::MostPods, &four, 0), Some((1, 2)));
    assert_eq!(with(Expander::Random, &four, 0), Some((0, 3)));
    assert_eq!(with(Expander::Random, &four, 1), Some((1, 2)));
}

#[test]
fn a_node_with_a_pod_that_is_never_moved_stays() {
    let groups = [large(1, 20)];
    let nodes = [1, 2].map(|id| Node { kept: id == 1, ..node(id, 0, Stage::Ready, &groups, &[]) });
    let mut scaler = NodeScaler::new(flags());
    scaler.scan(seconds(0), &groups, &nodes, &[], 0);
    assert_eq!(scaler.scan(seconds(600), &groups, &nodes, &[], 0).remove, [2]);
}

#[test]
fn an_unneeded_node_goes_after_its_time() {
    let groups = [large(1, 20)];
    let pod = [resources(500, 512)];
    let nodes = [node(1, 0, Stage::Ready, &groups, &pod), node(2, 0, Stage::Ready, &groups, &pod)];
    let mut scaler = NodeScaler::new(flags());
    // 700 of 1930 m are requested, daemons included: below half; its pod fits the other node, which then stays.
    assert_eq!(scaler.scan(seconds(0), &groups, &nodes, &[], 0), Actions::default());
    assert_eq!(scaler.scan(seconds(599), &groups, &nodes, &[], 0), Actions::default());
    assert_eq!(scaler.scan(seconds(600), &groups, &nodes, &[], 0).remove, [1]);
    let at_minimum = [large(2, 20)];
    assert!(scaler.scan(seconds(610), &at_minimum, &nodes, &[], 0).remove.is_empty());
}

#[test]
fn daemons_count_towards_utilisation() {
    let groups = [large(0, 20)];
    let (light, heavy) = ([resources(764, 512)], [resources(765, 512)]);
    let mut scaler = NodeScaler::new(ClusterAutoscaler { unneeded_time: Nanos::ZERO, ..flags() });
    let cluster = |pods| [node(1, 0, Stage::Ready, &groups, pods), node(2, 0, Stage::Ready, &groups, pods)];
    assert_eq!(scaler.scan(seconds(0), &groups, &cluster(&light), &[], 0).remove, [1], "964 of 1930 m");
    assert!(scaler.scan(seconds(0), &groups, &cluster(&heavy), &[], 0).remove.is_empty(), "965: just half");
}

#[test]
fn a_recent_addition_delays_and_a_needed_moment_starts_afresh() {
    let groups = [large(0, 20)];
    let empty = [node(1, 0, Stage::Ready, &groups, &[])];
    let mut scaler = NodeScaler::new(flags());
    scaler.scan(seconds(0), &groups, &empty, &[], 0);
    assert_eq!(scaler.scan(seconds(300), &groups, &empty, &[resources(500, 512); 4], 0).grow, Some((0, 1)));
    assert!(scaler.scan(seconds(899), &groups, &empty, &[], 0).remove.is_empty());
    assert_eq!(scaler.scan(seconds(900), &groups, &empty, &[], 0).remove, [1]);
    let pod = [resources(1500, 512)];
    scaler.scan(seconds(910), &groups, &[node(1, 0, Stage::Ready, &groups, &pod)], &[], 0);
    assert!(scaler.scan(seconds(920), &groups, &empty, &[], 0).remove.is_empty());
}

#[test]
fn empty_nodes_go_ten_at_once_and_one_is_drained_at_a_time() {
    let groups = [large(0, 40)];
    let pod = [resources(100, 100)];
    let mut scaler = NodeScaler::new(ClusterAutoscaler { unneeded_time: Nanos::ZERO, ..flags() });
    let empty: Vec<Node> = (0..15).map(|id| node(id, 0, Stage::Ready, &groups, &[])).collect();
    assert_eq!(scaler.scan(seconds(0), &groups, &empty, &[], 0).remove, (0..10).collect::<Vec<u64>>());
    let busy: Vec<Node> = (0..5).map(|id| node(id, 0, Stage::Ready, &groups, &pod)).collect();
    assert_eq!(scaler.scan(seconds(0), &groups, &busy, &[], 0).remove, [0]);
    let mut draining = busy;
    draining[0].stage = Stage::Leaving;
    assert!(scaler.scan(seconds(0), &groups, &draining, &[], 0).remove.is_empty());
}

fn pod_of_any_size() -> impl Strategy<Value = Resources> {
    (1..1500u64, 1..6000u64).prop_map(|(milli, mib)| resources(milli, mib))
}

/// Pods on nodes, as far as they fit.
fn cluster_of_any_size() -> impl Strategy<Value = Vec<(usize, bool, Vec<Resources>)>> {
    let node = (0..2usize, any::<bool>(), proptest::collection::vec(pod_of_any_size(), 0..4));
    proptest::collection::vec(node, 0..12)
}

proptest! {
    #[test]
    fn any_scan_keeps_the_bounds_and_strands_no_pod(
        cluster in cluster_of_any_size(), pending in proptest::collection::vec(pod_of_any_size(), 0..20),
        min in 0..4u32, extra in 0..4u32, draw: u64,
    ) {
        let groups = [large(min, 6 + extra), xlarge(min, 6 + extra)];
        let fitting: Vec<(usize, bool, Vec<Resources>)> = cluster.into_iter().map(|(group, ready, pods)| {
            let mut room = groups[group].template;
            (group, ready, pods.into_iter().filter(|pod| grow::place([&mut room], *pod)).collect())
        }).collect();
        let nodes: Vec<Node> = (0..).zip(&fitting).map(|(id, (group, ready, pods))| {
            node(id, *group, if *ready { Stage::Ready } else { Stage::Booting }, &groups, pods)
        }).collect();
        let mut scaler = NodeScaler::new(ClusterAutoscaler { unneeded_time: Nanos::ZERO, ..flags() });
        let actions = scaler.scan(seconds(0), &groups, &nodes, &pending, draw);
        if let Some((group, count)) = actions.grow {
            prop_assert!(count > 0 && size(&nodes, group) + count <= groups[group].max);
            prop_assert!(actions.remove.is_empty());
        }
        for group in 0..groups.len() {
            let gone = actions.remove.iter().filter(|id| nodes[usize::try_from(**id).unwrap()].group == group).count();
            let before = size(&nodes, group);
            prop_assert!(gone == 0 || before as usize - gone >= min as usize);
        }
        let stays = |node: &&Node| node.stage == Stage::Ready && !actions.remove.contains(&node.id);
        let mut rooms: Vec<Room> = nodes.iter().filter(stays).map(|node| node.room).collect();
        for node in nodes.iter().filter(|node| actions.remove.contains(&node.id)) {
            for pod in node.pods {
                prop_assert!(grow::place(&mut rooms, *pod), "a pod of node {} fits nowhere", node.id);
            }
        }
    }

    #[test]
    fn growth_is_enough_when_the_maximum_allows(pending in proptest::collection::vec(pod_of_any_size(), 1..40)) {
        let groups = [large(0, 100)];
        let (group, count) = NodeScaler::new(flags()).scan(seconds(0), &groups, &[], &pending, 0).grow.unwrap();
        let booting: Vec<Node> = (0..u64::from(count)).map(|id| node(id, group, Stage::Booting, &groups, &[])).collect();
        let mut sorted = pending;
        let share = |pod: &Resources| pod.milli_vcpu as f64 / 1930.0 + pod.memory.0 as f64 / (7000.0 * Bytes::MIB as f64);
        sorted.sort_by(|a, b| share(b).total_cmp(&share(a)));
        prop_assert_eq!(NodeScaler::new(flags()).scan(seconds(10), &groups, &booting, &sorted, 0).grow, None);
        let fewer = &booting[1..];
        prop_assert!(NodeScaler::new(flags()).scan(seconds(10), &groups, fewer, &sorted, 0).grow.is_some());
    }
}
