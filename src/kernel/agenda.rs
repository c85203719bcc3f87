//! The agenda: what happens next.
