//! What a name of the application is bound to: one variant for each store, queue and workflow of the catalogue.

use super::queue::{BY_BYTES, FREE, PUSHED, SQS};
use super::store::{AURORA, AURORA_SERVERLESS, DOCUMENTS, DYNAMODB, NODES};
use super::workflow::{BY_DURATION, BY_STEPS};
use crate::document::grammar::{Choice, Key, Kind, Shape, Tagged, Variant};

/// What a store, a queue or a workflow is bound to.
pub(in crate::scenario::deployment) static BOUND: Tagged = Tagged {
    tag: "kind",
    doc: "what stands for the store, the queue or the workflow",
    default: None,
    common: &Shape::new(&[Key::new(
        "cross_zone",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("hop", "as of calls: `hop.cross_zone`")]), Kind::SHARE]),
        "share of the bytes between it and instances that cross zones, and are billed for it",
    )]),
    variants: &[
        Variant::new("none", "a store that is only a latency, a queue or a workflow without a price", Shape::new(&[])),
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
        Variant::new("aws-step-functions", "AWS Step Functions, a standard workflow", BY_STEPS),
        Variant::new("aws-step-functions-express", "AWS Step Functions, an express workflow", BY_DURATION),
        Variant::new("gcp-workflows", "Google Workflows", BY_STEPS),
    ],
};
