//! How large the requests of a class are.

use crate::application::{Class, Draw, work};
use crate::metering::rounding::chunks;

/// Sizes of a class, drawn only where they differ between requests.
#[derive(Clone, Debug)]
pub(super) struct Sizes {
    response: Option<u64>,
    edge_units: Option<u64>,
    edge_bytes: Option<u64>,
}

impl Sizes {
    pub fn new(class: &Class, edge_unit: Option<u64>) -> Self {
        let both = class.request_bytes.as_constant().zip(class.response_bytes.as_constant());
        Self {
            response: class.response_bytes.as_constant(),
            edge_units: both.map(|(request, response)| units(request, response, edge_unit)),
            edge_bytes: both.map(|(request, response)| request.saturating_add(response)),
        }
    }

    /// Bytes of the response to this request.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of the shortcut
    pub fn response(&self, class: &Class, key: u64) -> u64 {
        match self.response {
            Some(bytes) => bytes,
            None => work(&class.response_bytes, key, Draw::ResponseBytes),
        }
    }

    /// Requests that the edge bills for this one, and bytes that pass it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of an arrival
    pub fn at_edge(&self, class: &Class, unit: Option<u64>, key: u64) -> (u64, u64) {
        match (self.edge_units, self.edge_bytes) {
            (Some(units), Some(bytes)) => (units, bytes),
            _ => draw_edge(class, unit, key),
        }
    }
}

/// Requests that the edge bills for one: at least one, and one more for each further unit of the larger body.
fn units(request: u64, response: u64, unit: Option<u64>) -> u64 {
    unit.map_or(0, |unit| chunks(request.max(response), unit))
}

fn draw_edge(class: &Class, unit: Option<u64>, key: u64) -> (u64, u64) {
    let request = work(&class.request_bytes, key, Draw::RequestBytes);
    let response = work(&class.response_bytes, key, Draw::ResponseBytes);
    (units(request, response, unit), request.saturating_add(response))
}
