//! The shape of a distribution. What is built from it lives with those who draw.

use super::{Key, Kind, Range, Rule, Shape, Tagged, Variant};
use crate::document::quantity;
use crate::units::{Bytes, Nanos};

/// A duration or a distribution of durations.
pub const DISTRIBUTION: Kind = Kind::OneOf(&[Kind::DURATION, Kind::Tagged(&DURATIONS)]);

/// A size or a distribution of sizes.
pub const SIZE_DISTRIBUTION: Kind = Kind::OneOf(&[Kind::SIZE, Kind::Tagged(&SIZES)]);

const POSITIVE_SIZE: Kind = Kind::Size { min: Bytes(1), none: false };
const DURATION: Kind = Kind::Duration { min: Nanos::ZERO, max: quantity::LONGEST, none: false };

// Ranges within which every sampler and its constants stay finite: the shape of a gamma law is 1/cv^2, the mean of a
// Weibull law takes the gamma function at 1 + 1/shape.
const SIGMA: Kind = Kind::Number(Range::new(0.0, 10.0));
const CV: Kind = Kind::Number(Range::new(0.0, 100.0));
const CV_ABOVE_ZERO: Kind = Kind::Number(Range::above(0.0, 100.0));
const SHAPE: Kind = Kind::Number(Range::new(0.05, 1000.0));

macro_rules! laws {
    ($name:ident, $value:expr, $positive:expr) => {
        static $name: Tagged = Tagged {
            tag: "dist",
            doc: "the law",
            default: None,
            common: &Shape::new(&[
                Key::new("min", $value, "smaller draws become this"),
                Key::new("max", $value, "larger draws become this"),
            ])
            .with_rules(&[Rule::Ordered("min", "max")]),
            variants: &[
                Variant::new(
                    "exponential",
                    "memoryless",
                    Shape::new(&[Key::new("mean", $positive, "mean").required()]),
                ),
                Variant::new(
                    "lognormal",
                    "right-skewed, the usual law of service times",
                    Shape::new(&[
                        Key::new("mean", $positive, "mean"),
                        Key::new("median", $positive, "median"),
                        Key::new("sigma", SIGMA, "standard deviation of the logarithm"),
                        Key::new("cv", CV, "standard deviation over mean"),
                    ])
                    .with_rules(&[Rule::ExactlyOne(&["mean", "median"]), Rule::ExactlyOne(&["sigma", "cv"])]),
                ),
                Variant::new(
                    "gamma",
                    "any coefficient of variation",
                    Shape::new(&[
                        Key::new("mean", $positive, "mean").required(),
                        Key::new("cv", CV_ABOVE_ZERO, "standard deviation over mean").required(),
                    ]),
                ),
                Variant::new(
                    "weibull",
                    "stretched or compressed exponential",
                    Shape::new(&[
                        Key::new("shape", SHAPE, "below 1 heavier than exponential").required(),
                        Key::new("scale", $positive, "scale"),
                        Key::new("mean", $positive, "mean, instead of scale"),
                    ])
                    .with_rules(&[Rule::ExactlyOne(&["scale", "mean"])]),
                ),
                Variant::new(
                    "pareto",
                    "power-law tail",
                    Shape::new(&[
                        Key::new("shape", SHAPE, "tail exponent").required(),
                        Key::new("scale", $positive, "smallest value").required(),
                    ]),
                ),
                Variant::new(
                    "uniform",
                    "equally likely",
                    Shape::new(&[
                        Key::new("low", $value, "smallest value").required(),
                        Key::new("high", $value, "largest value").required(),
                    ])
                    .with_rules(&[Rule::Ordered("low", "high")]),
                ),
                Variant::new(
                    "constant",
                    "always the same",
                    Shape::new(&[Key::new("value", $value, "the value").required()]),
                ),
                Variant::new(
                    "empirical",
                    "piecewise linear between measured quantiles",
                    Shape::new(&[
                        Key::new("quantiles", Kind::Quantiles(&$value), "pairs of probability and value, rising"),
                        Key::new("file", Kind::Text("a file path"), "a file with one measured value per line"),
                    ])
                    .with_rules(&[Rule::ExactlyOne(&["quantiles", "file"])]),
                ),
            ],
        };
    };
}

laws!(DURATIONS, DURATION, Kind::POSITIVE_DURATION);
laws!(SIZES, Kind::SIZE, POSITIVE_SIZE);
