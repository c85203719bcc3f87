//! The grammar of what queues are bound to. Defaults are the catalogue's.

use crate::document::grammar::{Key, Kind, Shape};
use crate::units::{Bytes, Nanos};

const BYTES: Kind = Kind::Size { min: Bytes(1), none: false };
const POLLERS: Kind = Kind::count(1, 100_000);
/// Short polling would be a request per call of a loop that nobody describes.
const WAIT: Kind = Kind::Duration { min: Nanos(1_000_000), max: Nanos(20 * Nanos::SECOND.0), none: false };
const REST: Kind = Kind::Duration { min: Nanos(0), max: Nanos::HOUR, none: false };

const REQUEST_BYTES: Key = Key::new("request_bytes", BYTES, "bytes of one request of the bill");
const MAX_BATCH: Key = Key::new("max_batch", Kind::count(1, 10_000), "most messages of one call of a consumer");

pub(super) const SQS: Shape = Shape::new(&[
    REQUEST_BYTES,
    Key::new("messages_per_request", Kind::count(1, 10_000), "most messages of one receive, and of one delete"),
    Key::new("wait_time", WAIT, "a receive answers that there is no message after this long"),
    MAX_BATCH,
    Key::new(
        "max_batch_without_window",
        Kind::count(1, 10_000),
        "functions: most messages where nobody waits for more",
    ),
    Key::new("initial_pollers", POLLERS, "functions: calls at once at first"),
    Key::new("pollers_per_minute", Kind::count(0, 1_000_000), "functions: more of them per minute while messages wait"),
    Key::new("max_pollers", POLLERS, "functions: most calls at once"),
    Key::new("throttle_backoff", REST, "functions: a poller whose call was refused rests for so long"),
]);

pub(super) const PUSHED: Shape = Shape::new(&[REQUEST_BYTES, MAX_BATCH]);
pub(super) const BY_BYTES: Shape =
    Shape::new(&[Key::new("least_bytes", BYTES, "bytes that a message is billed as at least"), MAX_BATCH]);
pub(super) const FREE: Shape = Shape::new(&[MAX_BATCH]);
