//! The files that a source names: one or several, in the order given; a name with `*` stands for the files of its folder
//! that fit, and the name of a folder for all of its files, in the order of their names. Hidden files need to be named.

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::Node;

/// The names, as diagnostics and results say them, with where they were said.
pub fn named(context: &mut Context, node: &Node) -> Option<Vec<(String, Span)>> {
    let one = std::slice::from_ref(node);
    let nodes = if node.as_str().is_some() { one } else { node.elements() };
    let mut files = Vec::new();
    for node in nodes {
        let text = node.text();
        if text.contains('*') {
            files.extend(matching(context, node, text)?.into_iter().map(|name| (name, node.span)));
        } else if context.folder.join(text).is_dir() {
            let all = format!("{}/*", text.trim_end_matches('/'));
            files.extend(matching(context, node, &all)?.into_iter().map(|name| (name, node.span)));
        } else {
            files.push((text.to_owned(), node.span));
        }
    }
    Some(files)
}

fn matching(context: &mut Context, node: &Node, text: &str) -> Option<Vec<String>> {
    let (folder, pattern) = text.rsplit_once('/').unwrap_or(("", text));
    let found = std::fs::read_dir(context.folder.join(folder));
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let unread = Diagnostic::error(format!("cannot read the folder of `{text}`"));
            context.problems.push(unread.at(node.span).label(error.to_string()));
            return None;
        }
    };
    let files = found.filter_map(Result::ok).filter(|entry| entry.path().is_file());
    let names = files.filter_map(|entry| entry.file_name().into_string().ok());
    let hidden = |name: &str| name.starts_with('.') && !pattern.starts_with('.');
    let mut names: Vec<String> = names
        .filter(|name| fits(name, pattern) && !hidden(name))
        .map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") })
        .collect();
    names.sort_unstable();
    if names.is_empty() {
        context.error(node.span, format!("no file fits `{text}`"));
        return None;
    }
    Some(names)
}

/// Whether `name` is `pattern` with every `*` replaced by some text.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(name) = name.strip_prefix(begin) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or("");
    let mut left = name;
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_is_any_part_of_a_name() {
        for (name, pattern) in [("a.log", "*.log"), ("a.log", "*"), ("x-1-y.gz", "x*-*.gz"), ("ab", "a*b"), ("a", "a")]
        {
            assert!(fits(name, pattern), "{name} {pattern}");
        }
        for (name, pattern) in [("a.log.gz", "*.log"), ("ba", "a*"), ("aba", "ab*ba"), ("a", "b")] {
            assert!(!fits(name, pattern), "{name} {pattern}");
        }
    }
}
