//! A page as one self-contained HTML file: no script, no network, charts inline, light and dark by preference.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::charts::theme;
use super::page::Page;

/// The template, in the binary.
const TEMPLATE: &str = include_str!("page.html");

/// Renders the whole of `page`.
///
/// # Errors
/// When the template and the page do not fit, which is an error of ours that the tests rule out.
pub fn render(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", TEMPLATE)?;
    environment.get_template("page.html")?.render(context! { page => Serde(page), theme => theme("figure svg") })
}
