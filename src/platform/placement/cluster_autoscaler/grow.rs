//! Which group gets nodes, and how many: first-fit-decreasing on each group's template, then an expander.
//!
//! The packing follows `estimator/binpacking_estimator.go`, the expanders `expander/{waste,mostpods,random}`.

use std::cmp::Ordering;

use super::super::scheduler::{Resources, Room};
use super::{Expander, Group, Node, Stage, size};

/// What growing one group would do.
struct Choice {
    group: usize,
    nodes: u32,
    pods: usize,
    /// Share of CPU plus share of memory of the new machines that the pods would not request.
    waste: f64,
}

/// The group to grow and the number of nodes. `None` if every pod has room on nodes that are there or on their way, or no
/// group can take one.
pub(super) fn plan(
    expander: Expander,
    groups: &[Group],
    nodes: &[Node<'_>],
    pending: &[Resources],
    draw: u64,
) -> Option<(usize, u32)> {
    if pending.is_empty() {
        return None;
    }
    let pending = without_room(nodes, pending);
    let choices: Vec<Choice> = (0..groups.len())
        .filter_map(|index| {
            let free = groups[index].max.saturating_sub(size(nodes, index));
            pack(index, &groups[index], free, &pending)
        })
        .collect();
    let better = |a: &Choice, b: &Choice| match expander {
        Expander::LeastWaste => b.waste.total_cmp(&a.waste),
        Expander::MostPods => a.pods.cmp(&b.pods),
        Expander::Random => Ordering::Equal,
    };
    let best = choices.iter().max_by(|a, b| better(a, b))?;
    let ties: Vec<&Choice> = choices.iter().filter(|choice| better(choice, best) == Ordering::Equal).collect();
    // The remainder is below the number of groups.
    #[allow(clippy::cast_possible_truncation)]
    let drawn = ties[(draw % ties.len() as u64) as usize];
    Some((drawn.group, drawn.nodes))
}

/// The pods that fit no node that is ready or booting, first come first placed.
fn without_room(nodes: &[Node<'_>], pending: &[Resources]) -> Vec<Resources> {
    let mut rooms: Vec<Room> = nodes.iter().filter(|node| node.stage != Stage::Leaving).map(|node| node.room).collect();
    pending.iter().copied().filter(|pod| !place(&mut rooms, *pod)).collect()
}

/// Puts `pod` on the first node with room.
pub(super) fn place<'a>(rooms: impl IntoIterator<Item = &'a mut Room>, pod: Resources) -> bool {
    let Some(room) = rooms.into_iter().find(|room| room.fits(pod)) else { return false };
    room.add(pod);
    true
}

/// Packs `pods`, largest first, on at most `free` new nodes. `None` if none of them fits.
fn pack(index: usize, group: &Group, free: u32, pods: &[Resources]) -> Option<Choice> {
    let template = &group.template;
    let weight = |pod: &Resources| {
        pod.milli_vcpu as f64 / template.allocatable.milli_vcpu as f64
            + pod.memory.0 as f64 / template.allocatable.memory.0 as f64
    };
    let mut pods: Vec<Resources> = pods.iter().copied().filter(|pod| template.fits(*pod)).collect();
    pods.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let (mut rooms, mut packed, mut requested): (Vec<Room>, usize, Resources) = Default::default();
    // Where pods are alike, a node that had no room for the last has none for the next.
    let (mut last, mut first_open) = (None, 0);
    for pod in pods {
        if last != Some(pod) {
            (last, first_open) = (Some(pod), 0);
        }
        let found = rooms[first_open..].iter().position(|room| room.fits(pod)).map(|offset| first_open + offset);
        let slot = match found {
            Some(slot) => slot,
            None if (rooms.len() as u64) < u64::from(free) => {
                rooms.push(*template);
                rooms.len() - 1
            }
            None => {
                first_open = rooms.len();
                continue;
            }
        };
        rooms[slot].add(pod);
        first_open = slot;
        packed += 1;
        requested.milli_vcpu += pod.milli_vcpu;
        requested.memory.0 += pod.memory.0;
    }
    let nodes = u32::try_from(rooms.len()).ok().filter(|nodes| *nodes > 0)?;
    let unused = |requested: u64, capacity: u64| 1.0 - requested as f64 / (capacity as f64 * f64::from(nodes));
    let waste =
        unused(requested.milli_vcpu, group.capacity.milli_vcpu) + unused(requested.memory.0, group.capacity.memory.0);
    Some(Choice { group: index, nodes, pods: packed, waste })
}
