//! What a request passes before it looks for an instance: the books of its class, and the edge's throttle.

use crate::application::{Entry, Request};

use super::Core;
use super::limits::Limit;
use super::service::record_of;

impl Core<'_> {
    /// Books the arrival of a request, which has not passed the edge yet.
    #[inline(never)]
    pub(super) fn announce(&mut self, request: &Request) {
        if request.at >= self.plan.warmup.0 {
            self.tally.arrived(request.class);
        }
        self.clients.put(request.class as usize, request.at);
    }

    /// An attempt arrives at the edge. Apart, so that requests that nothing holds up there keep their straight line.
    #[inline(never)]
    pub(super) fn ask(&mut self, request: &Request) {
        if let Entry::Store(store, access) = self.plan.application.classes[request.class as usize].entry {
            self.enter_store(request, store, access);
            return;
        }
        let record = record_of(request);
        let stamp = self.stamp(&record);
        if self.throttle.as_mut().is_some_and(|tokens| !tokens.take(request.at)) {
            self.refuse(&record, Limit::EdgeThrottle);
            return;
        }
        if stamp >= self.plan.warmup.0 {
            self.tally.pass_edge(request.class, request.key);
            if let (Some(sampler), Some(slice)) = (&mut self.sampler, self.tally.current_slice()) {
                sampler.asked(request.at, slice);
            }
        }
        self.admit(request);
    }
}
