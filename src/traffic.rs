//! Who comes, and when: sources, profiles, arrival processes, and imported counts.
//!
//! Imports `units`, `document`, `kernel` and `application`. Promises one ordered stream of requests per replication,
//! whose randomness is keyed by seed, source and bin, in memory that does not grow with the number of requests.
