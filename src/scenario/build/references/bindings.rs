//! What a deployment binds the names of the application to.

use super::{Names, PARTS};
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::Entry;
use crate::platform::binding::{BINDABLE, Bindable};
use crate::scenario::build::Context;

/// A store that is only a latency, or a queue or a workflow that nobody is paid for.
const NOTHING: &str = "none";

/// Reports a name that is not of a queue, a workflow or a store, and an id that is not of the same kind.
pub(super) fn check(context: &mut Context, names: &Names, entry: &Entry) {
    let having = |section: &&str| names.has(section, &entry.key);
    let mut sections = PARTS.into_iter().filter(|section| *section != "service").filter(having);
    let (section, other) = (sections.next(), sections.next());
    let problem = match (section, other) {
        (Some(section), None) => return check_id(context, section, entry),
        (Some(section), Some(other)) => {
            let both = Diagnostic::error(format!("`{}` is a {section} and a {other}", entry.key));
            both.help("give one of them another name")
        }
        (None, _) if names.has("service", &entry.key) => {
            let wrong = Diagnostic::error(format!("`{}` is a service, and runs on the deployment itself", entry.key));
            wrong.help("queues, workflows and stores are bound")
        }
        (None, _) => {
            let known = PARTS[1..].iter().flat_map(|section| names.section(section)).map(String::as_str);
            let unknown = Diagnostic::error(format!("no queue, workflow or store is called `{}`", entry.key));
            unknown.nearest(&entry.key, known)
        }
    };
    context.problems.push(problem.at(entry.key_span));
}

fn check_id(context: &mut Context, section: &str, entry: &Entry) {
    let node = entry.node.as_table().map_or(Some(&entry.node), |table| table.get("kind"));
    let Some((id, span)) = node.and_then(|node| Some((node.as_str()?, node.span))) else { return };
    // The kinds of a table are checked with it.
    if id == NOTHING || entry.node.as_table().is_some() {
        return;
    }
    let of_section = BINDABLE.iter().filter(|known| known.kind.word() == section).map(|known| known.id);
    let problem = match BINDABLE.iter().find(|known| known.id == id) {
        Some(Bindable { kind, .. }) if kind.word() == section => return,
        Some(Bindable { kind, .. }) => {
            let wrong = format!("`{id}` is a {}, and `{}` is a {section}", kind.word(), entry.key);
            Diagnostic::error(wrong).help(format!("one of {}", of_section.collect::<Vec<_>>().join(", ")))
        }
        None => Diagnostic::error(format!("unknown {section} `{id}`")).nearest(id, of_section.chain([NOTHING])),
    };
    context.problems.push(problem.at(span));
}
