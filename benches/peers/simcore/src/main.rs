//! M/M/1 at load 0.8 with simcore. Prints, on one line: customers, seconds, mean wait in services.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use rand_distr::Exp;
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

#[derive(Clone, Serialize)]
struct Arrival {}

#[derive(Clone, Serialize)]
struct Departure {}

struct Queue {
    context: SimulationContext,
    arrivals: Exp<f64>,
    service: Exp<f64>,
    /// When those who wait came.
    waiting: VecDeque<f64>,
    busy: bool,
    left: u64,
    waited: f64,
}

impl Queue {
    fn serve(&mut self, came: f64) {
        self.busy = true;
        self.waited += self.context.time() - came;
        let takes = self.context.sample_from_distribution(&self.service);
        self.context.emit_self(Departure {}, takes);
    }

    fn expect(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            let after = self.context.sample_from_distribution(&self.arrivals);
            self.context.emit_self(Arrival {}, after);
        }
    }
}

impl EventHandler for Queue {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                let now = self.context.time();
                if self.busy {
                    self.waiting.push_back(now);
                } else {
                    self.serve(now);
                }
                self.expect();
            }
            Departure {} => {
                self.busy = false;
                if let Some(came) = self.waiting.pop_front() {
                    self.serve(came);
                }
            }
        })
    }
}

fn main() {
    let customers = std::env::args().nth(1).and_then(|count| count.parse().ok()).expect("usage: peer-simcore CUSTOMERS");
    let mut simulation = Simulation::new(1);
    let queue = Rc::new(RefCell::new(Queue {
        context: simulation.create_context("queue"),
        arrivals: Exp::new(0.8).expect("a rate above 0"),
        service: Exp::new(1.0).expect("a rate above 0"),
        waiting: VecDeque::new(),
        busy: false,
        left: customers,
        waited: 0.0,
    }));
    simulation.add_handler("queue", queue.clone());
    let start = Instant::now();
    queue.borrow_mut().expect();
    simulation.step_until_no_events();
    let seconds = start.elapsed().as_secs_f64();
    println!("{customers} {seconds} {}", queue.borrow().waited / customers as f64);
}
