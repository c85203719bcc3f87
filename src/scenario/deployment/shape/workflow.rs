//! The grammar of what workflows are bound to. Defaults are the catalogue's.

use crate::document::grammar::{Key, Kind, Shape};
use crate::units::{Bytes, Nanos};

const STEP: Kind = Kind::Duration { min: Nanos(1), max: Nanos::HOUR, none: false };

pub(super) const BY_STEPS: Shape = Shape::new(&[]);
pub(super) const BY_DURATION: Shape = Shape::new(&[
    Key::new(
        "memory",
        Kind::Size { min: Bytes(1), none: false },
        "memory that a run is billed for, rounded up to a whole number of chunks",
    ),
    Key::new("chunk", Kind::Size { min: Bytes(1 << 20), none: false }, "memory is billed in multiples of this"),
    Key::new("round_up", STEP, "the time of a run is billed in multiples of this"),
]);
