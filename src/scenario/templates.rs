//! Scenarios that `simulate init` writes: runnable, commented, and tested like any other.

/// A scenario to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Name given to `init`.
    pub name: &'static str,
    /// What it is about, one line.
    pub about: &'static str,
    /// The file.
    pub text: &'static str,
}

/// Every template, the default first.
pub const TEMPLATES: &[Template] = &[Template {
    name: "starter",
    about: "a small web site on AWS Lambda, App Engine and EKS, every line explained",
    text: include_str!("../../scenarios/starter.toml"),
}];

/// The template called `name`.
#[must_use]
pub fn template(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}
