//! Which node a pod goes to.

/// How the nodes that fit are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoring {
    /// Prefer the emptiest (kube-scheduler's default).
    LeastAllocated,
    /// Prefer the fullest.
    MostAllocated,
}
