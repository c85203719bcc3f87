//! Which nodes are not needed: little is requested of them, and their pods fit elsewhere.

use super::super::scheduler::Room;
use super::grow::place;
use super::{Group, Node, Stage, size};

/// Nodes that one scan may remove (flag `max-scale-down-parallelism`, default 10, `config/flags/flags.go`).
const PARALLEL_REMOVALS: usize = 10;

/// Indices of the nodes that could go together, empty ones first: the moves are simulated one after the other, to ready
/// nodes that stay. A node that would take in pods stays (the real one would try to move these too, which finds the same
/// nodes or fewer).
pub(super) fn unneeded(threshold: f64, nodes: &[Node<'_>]) -> Vec<usize> {
    let candidate = |index: &usize| {
        let node = &nodes[*index];
        node.stage == Stage::Ready && !node.kept && node.room.utilization() < threshold
    };
    let mut candidates: Vec<usize> = (0..nodes.len()).filter(candidate).collect();
    if candidates.is_empty() {
        return candidates;
    }
    candidates.sort_by_key(|index| !nodes[*index].pods.is_empty());
    let mut places: Vec<Place> =
        nodes.iter().map(|node| Place { room: node.room, open: node.stage == Stage::Ready, received: false }).collect();
    candidates.retain(|index| {
        let goes = !places[*index].received && move_pods(&mut places, nodes, *index);
        places[*index].open &= !goes;
        goes
    });
    candidates
}

struct Place {
    room: Room,
    open: bool,
    received: bool,
}

/// Moves all pods of the node, or none.
fn move_pods(places: &mut [Place], nodes: &[Node<'_>], from: usize) -> bool {
    let open: Vec<usize> = (0..places.len()).filter(|index| *index != from && places[*index].open).collect();
    let mut rooms: Vec<Room> = open.iter().map(|index| places[*index].room).collect();
    if !nodes[from].pods.iter().all(|pod| place(&mut rooms, *pod)) {
        return false;
    }
    for (index, room) in open.into_iter().zip(rooms) {
        places[index].received |= places[index].room != room;
        places[index].room = room;
    }
    true
}

/// Of the nodes that are `due`: empty ones, and one to drain unless a drain is under way, no group below its minimum.
pub(super) fn removable(groups: &[Group], nodes: &[Node<'_>], due: impl Iterator<Item = usize>) -> Vec<u64> {
    let mut sizes: Vec<u32> = (0..groups.len()).map(|group| size(nodes, group)).collect();
    let mut draining = nodes.iter().any(|node| node.stage == Stage::Leaving && !node.pods.is_empty());
    let mut remove = Vec::new();
    for node in due.map(|index| &nodes[index]) {
        let size = &mut sizes[node.group];
        let drain = !node.pods.is_empty();
        if *size <= groups[node.group].min || (drain && draining) || remove.len() == PARALLEL_REMOVALS {
            continue;
        }
        *size -= 1;
        draining |= drain;
        remove.push(node.id);
    }
    remove
}
