//! What a name of the application is bound to: one variant for each store and each queue of the catalogue.

use super::queue::{BY_BYTES, FREE, PUSHED, SQS};
use super::store::{AURORA, AURORA_SERVERLESS, DOCUMENTS, DYNAMODB, NODES};
use crate::document::grammar::{Shape, Tagged, Variant};

/// What a store or a queue is bound to.
pub(in crate::scenario::deployment) static BOUND: Tagged = Tagged {
    tag: "kind",
    doc: "what stands for the store or the queue",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new("none", "a store that is only a latency, a queue without a price", Shape::new(&[])),
        Variant::new("aws-dynamodb", "Amazon DynamoDB, for documents", Shape::new(&DYNAMODB)),
        Variant::new("aws-aurora", "Amazon Aurora, provisioned, for tables", AURORA),
        Variant::new("aws-aurora-serverless", "Amazon Aurora Serverless v2, for tables", AURORA_SERVERLESS),
        Variant::new("gcp-datastore", "Google Firestore in Datastore mode, for documents", DOCUMENTS),
        Variant::new("gcp-firestore", "Google Firestore, for documents", DOCUMENTS),
        Variant::new("redis", "Amazon ElastiCache for Redis, a cache", NODES),
        Variant::new("aws-sqs", "Amazon SQS, a queue", SQS),
        Variant::new("aws-sns", "Amazon SNS, a topic", PUSHED),
        Variant::new("gcp-cloud-tasks", "Google Cloud Tasks, a queue", PUSHED),
        Variant::new("gcp-pubsub", "Google Pub/Sub, a queue or a topic", BY_BYTES),
        Variant::new("self-hosted", "a queue of one's own, or a topic", FREE),
    ],
};
