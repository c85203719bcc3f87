//! Compares a tree with a shape. Every problem is reported, each at its exact place.

use super::scalar::{magnitude, refused, scalar, unreadable, wrong};
use super::{Kind, Range, Rule, Shape, Tagged};
use crate::document::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value, name_of};

/// Reports every way in which `table`, which stands at `span`, does not have `shape`.
pub fn check(table: &Table, span: Span, shape: &Shape, diagnostics: &mut Diagnostics) {
    check_keys(table, span, &[shape], None, diagnostics);
}

/// Reports every way in which `node` is not of `kind`.
pub fn check_node(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) {
    if let Err(problem) = value(node, kind, diagnostics) {
        diagnostics.push(problem);
    }
}

/// Whether `node` is of `kind`, without any problem.
#[must_use]
pub fn accepts(node: &Node, kind: &Kind) -> bool {
    let mut diagnostics = Diagnostics::new();
    check_node(node, kind, &mut diagnostics);
    !diagnostics.has_errors()
}

fn check_keys(table: &Table, span: Span, shapes: &[&Shape], tag: Option<&str>, diagnostics: &mut Diagnostics) {
    let find = |name: &str| shapes.iter().find_map(|shape| shape.key(name));
    for entry in table.iter() {
        match find(&entry.key) {
            _ if tag == Some(entry.key.as_str()) => {}
            Some(key) => match key.later {
                Some(what) => diagnostics.push(refused(key.name, what, entry.key_span)),
                None => check_node(&entry.node, &key.kind, diagnostics),
            },
            None => {
                let known = shapes.iter().flat_map(|shape| shape.keys).filter(|key| key.later.is_none());
                // What is refused may be what was meant, and is not among what is valid.
                let meant = nearest(&entry.key, known.clone().map(|key| key.name));
                let valid = known.filter(|key| key.unplayed.is_none()).map(|key| key.name).chain(tag).chain(meant);
                let unknown = Diagnostic::error(format!("unknown key `{}`", entry.key)).at(entry.key_span);
                diagnostics.push(unknown.nearest(&entry.key, valid));
            }
        }
    }
    for key in shapes.iter().flat_map(|shape| shape.keys) {
        if key.required && !table.contains(key.name) {
            let missing = Diagnostic::error(format!("missing key `{}`", key.name)).at(span);
            diagnostics.push(missing.help(format!("{}: {}", key.doc, key.kind.expectation())));
        }
    }
    for shape in shapes {
        for rule in shape.rules {
            check_rule(table, span, shape, *rule, diagnostics);
        }
    }
}

fn check_rule(table: &Table, span: Span, shape: &Shape, rule: Rule, diagnostics: &mut Diagnostics) {
    let given = |names: &'static [&'static str]| names.iter().filter_map(|name| table.entry(name)).collect::<Vec<_>>();
    let list = |names: &[&str]| {
        let all_refused = !names.iter().any(|name| shape.offers(name));
        let told = names.iter().filter(|name| all_refused || shape.offers(name));
        told.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
    };
    match rule {
        Rule::AtMostOne(names) | Rule::ExactlyOne(names) => {
            let given = given(names);
            if let [first, second, ..] = given.as_slice() {
                let clash = format!("`{}` and `{}` exclude each other", first.key, second.key);
                diagnostics.push(Diagnostic::error(clash).at(second.key_span).help(format!("give {}", list(names))));
            }
            if given.is_empty() && matches!(rule, Rule::ExactlyOne(_)) {
                diagnostics.push(Diagnostic::error(format!("missing key {}", list(names))).at(span));
            }
        }
        Rule::Ordered(low, high) => {
            let (Some(below), Some(above)) = (table.get(low), table.get(high)) else { return };
            let kind = shape.key(low).map_or(Kind::Any, |key| key.kind);
            if let (Some(a), Some(b)) = (magnitude(below, &kind), magnitude(above, &kind))
                && a > b
            {
                let message = format!("`{low}` is above `{high}`");
                diagnostics
                    .push(Diagnostic::error(message).at(below.span).help(format!("`{high}` is {}", above.to_toml())));
            }
        }
        Rule::NeedsOneOf(name, others) => {
            if let (Some(entry), true) = (table.entry(name), given(others).is_empty()) {
                let needs = format!("`{name}` needs {}", list(others));
                diagnostics.push(Diagnostic::error(needs).at(entry.key_span));
            }
        }
        Rule::Needs(name, other) => {
            if let (Some(entry), false) = (table.entry(name), table.contains(other)) {
                diagnostics.push(Diagnostic::error(format!("`{name}` needs `{other}`")).at(entry.key_span));
            }
        }
    }
}

/// Checks one value. What is wrong with the value itself is the error; what is wrong below it goes to `diagnostics`.
fn value(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) -> Result<(), Diagnostic> {
    match (kind, &node.value) {
        (_, Value::Float(number)) if !number.is_finite() => {
            return Err(unreadable(node, kind, "numbers are finite"));
        }
        (Kind::Table(shape), Value::Table(table)) => check(table, node.span, shape, diagnostics),
        (Kind::Named(named), Value::Table(table)) => check(table, node.span, &named.shape, diagnostics),
        (Kind::Map(kind), Value::Table(table)) => {
            for entry in table.iter() {
                check_node(&entry.node, kind, diagnostics);
            }
        }
        (Kind::Tagged(tagged), Value::Table(table)) => check_tagged(table, node.span, tagged, diagnostics)?,
        (Kind::OneOrMany(kind), Value::Table(_)) => check_node(node, kind, diagnostics),
        (Kind::OneOrMany(_), Value::Array(nodes)) if nodes.is_empty() => {
            diagnostics.push(Diagnostic::error("there must be at least one entry").at(node.span));
        }
        (Kind::OneOrMany(kind), Value::Array(nodes)) => {
            for node in nodes {
                check_node(node, kind, diagnostics);
            }
            check_names(nodes, diagnostics);
        }
        (Kind::List { of, min, max }, Value::Array(nodes)) => {
            for node in nodes {
                check_node(node, of, diagnostics);
            }
            if !(*min..=*max).contains(&nodes.len()) {
                return Err(unreadable(node, kind, &format!("{} elements", nodes.len())));
            }
        }
        (Kind::Quantiles(of), Value::Array(points)) => quantiles(node, kind, of, points)?,
        (Kind::OneOf(kinds), _) => one_of(node, kind, kinds, diagnostics)?,
        (Kind::Any, _) | (Kind::Overlay(_), Value::Table(_)) => {}
        _ => scalar(node, kind)?,
    }
    Ok(())
}

/// Names are unique in their section.
fn check_names(nodes: &[Node], diagnostics: &mut Diagnostics) {
    for (index, node) in nodes.iter().enumerate() {
        let Some(name) = name_of(node) else { continue };
        if nodes[..index].iter().any(|earlier| name_of(earlier) == Some(name)) {
            let span = node.as_table().and_then(|table| table.get("name")).map_or(node.span, |name| name.span);
            let span = if span.is_shown() { span } else { node.span };
            let twice = Diagnostic::error(format!("the name `{name}` is given twice")).at(span);
            diagnostics.push(twice.help("names are unique in their section"));
        }
    }
}

fn check_tagged(
    table: &Table,
    span: Span,
    tagged: &'static Tagged,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let words = || tagged.variants.iter().filter(|variant| variant.refused().is_none()).map(|variant| variant.word);
    let (word, at) = if let Some(node) = table.get(tagged.tag) {
        let word = node.as_str().ok_or_else(|| unreadable(node, &Kind::Text("a word"), node.value.type_name()))?;
        (word, node.span)
    } else if let Some(word) = tagged.default {
        (word, span)
    } else {
        let missing = Diagnostic::error(format!("missing key `{}`", tagged.tag)).at(span);
        return Err(missing.help(format!("one of {}", words().collect::<Vec<_>>().join(", "))));
    };
    let Some(variant) = tagged.variant(word) else {
        return Err(Diagnostic::error(format!("unknown {} `{word}`", tagged.tag)).at(at).nearest(word, words()));
    };
    if let Some(what) = variant.later {
        return Err(refused(word, what, at));
    }
    check_keys(table, span, &[tagged.common, &variant.shape], Some(tagged.tag), diagnostics);
    Ok(())
}

fn quantiles(node: &Node, kind: &Kind, of: &Kind, points: &[Node]) -> Result<(), Diagnostic> {
    let mut last: Option<(f64, f64)> = None;
    for point in points {
        let Some([p, value]) = point.as_array() else { return Err(wrong(point, kind)) };
        scalar(p, &Kind::Number(Range::new(0.0, 1.0)))?;
        scalar(value, of)?;
        let (p_now, value_now) = (magnitude(p, &Kind::Any), magnitude(value, of));
        let now = (p_now.unwrap_or(0.0), value_now.unwrap_or(0.0));
        if last.is_some_and(|last| now.0 <= last.0 || now.1 < last.1) {
            return Err(unreadable(point, kind, "probabilities must rise, and values must not fall"));
        }
        last = Some(now);
    }
    if last.is_none() { Err(unreadable(node, kind, "empty")) } else { Ok(()) }
}

/// Any of `kinds`; when none fits, what is wrong for the first whose TOML type does.
fn one_of(node: &Node, kind: &Kind, kinds: &[Kind], diagnostics: &mut Diagnostics) -> Result<(), Diagnostic> {
    if kinds.iter().any(|kind| accepts(node, kind)) {
        return Ok(());
    }
    let mut of_its_type = kinds.iter().filter(|kind| same_type(node, kind));
    match (of_its_type.next(), of_its_type.next()) {
        (Some(kind), None) => value(node, kind, diagnostics),
        _ => Err(wrong(node, kind)),
    }
}

/// Whether `kind` can be written with the TOML type of `node`.
fn same_type(node: &Node, kind: &Kind) -> bool {
    match kind {
        Kind::Table(_) | Kind::Named(_) | Kind::Overlay(_) | Kind::Map(_) | Kind::Tagged(_) => {
            matches!(node.value, Value::Table(_))
        }
        Kind::OneOrMany(_) => matches!(node.value, Value::Table(_) | Value::Array(_)),
        Kind::List { .. } | Kind::Quantiles(_) => matches!(node.value, Value::Array(_)),
        Kind::Boolean => matches!(node.value, Value::Boolean(_)),
        Kind::Date | Kind::DateTime => matches!(node.value, Value::Datetime(_)),
        Kind::Instant => matches!(node.value, Value::Datetime(_) | Value::String(_)),
        Kind::Number(_) => matches!(node.value, Value::Integer(_) | Value::Float(_)),
        Kind::Count { unlimited: None, .. } => matches!(node.value, Value::Integer(_)),
        Kind::Count { .. } | Kind::Size { .. } => matches!(node.value, Value::Integer(_) | Value::String(_)),
        Kind::NumberOrNone(_) | Kind::Share(_) => {
            matches!(node.value, Value::Integer(_) | Value::Float(_) | Value::String(_))
        }
        Kind::Duration { .. }
        | Kind::Rate(_)
        | Kind::Growth
        | Kind::Money
        | Kind::Price
        | Kind::Text(_)
        | Kind::Known(_)
        | Kind::Name
        | Kind::Choice(_) => matches!(node.value, Value::String(_)),
        Kind::OneOf(kinds) => kinds.iter().any(|kind| same_type(node, kind)),
        Kind::Any => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, DISTRIBUTION, Key, complete};
    use super::*;
    use crate::document::source::Sources;
    use crate::document::tree::parse;
    use crate::units::Nanos;

    const ENTRY: Shape = Shape::new(&[
        Key::new("name", Kind::Name, "its name"),
        Key::new("rate", Kind::RATE, "how often").required(),
        Key::new("work", DISTRIBUTION, "how long").default("20ms"),
        Key::new("mode", Kind::Choice(&[Choice::new("fast", ""), Choice::later("slow", "slow modes are")]), "")
            .default("fast"),
        Key::later("retry", "retries are"),
    ]);
    const ROOT: Shape = Shape::new(&[Key::new("entry", Kind::OneOrMany(&Kind::Table(&ENTRY)), "entries")]);

    fn read(text: &str) -> (Table, Vec<String>) {
        let mut sources = Sources::new();
        let id = sources.add("t.toml", text);
        let mut diagnostics = Diagnostics::new();
        let table = parse(&sources, id, &mut diagnostics);
        check(&table, Span::new(id, &(0..0)), &ROOT, &mut diagnostics);
        let _ = diagnostics.render(&sources, true);
        let said = diagnostics.iter().map(|problem| {
            let at = problem.span.map_or("", |span| &sources.text(span.source)[span.start..span.end]);
            format!("{at}: {}|{}|{}", problem.message, problem.label, problem.help.as_deref().unwrap_or(""))
        });
        (table, said.collect())
    }

    #[test]
    fn every_problem_is_reported_where_it_is() {
        let (_, said) =
            read("entry = [{ name = 'a', rat = '1/s', rate = '-1/s', retry = 1 }, { name = 'a', mode = 'slow' }]");
        assert_eq!(
            said,
            [
                "rat: unknown key `rat`||did you mean `rate`?",
                "'-1/s': expected a rate such as \"120/s\", \"7200/min\" or \"1.5M/day\"|negative|",
                "retry: retries are not simulated yet|`retry` is refused|",
                "'slow': slow modes are not simulated yet|`slow` is refused|",
                "{ name = 'a', mode = 'slow' }: missing key `rate`||how often: a rate such as \"120/s\", \"7200/min\" or \
                 \"1.5M/day\"",
                "'a': the name `a` is given twice||names are unique in their section",
            ]
        );
    }

    #[test]
    fn distributions_are_checked_to_the_last_parameter() {
        let problems = |law: &str| read(&format!("entry = {{ rate = '1/s', work = {law} }}")).1;
        for good in [
            "'20ms'",
            "{ dist = 'lognormal', median = '20ms', sigma = 0.5, max = '1s' }",
            "{ dist = 'empirical', quantiles = [[0.5, '20ms'], [0.99, '90ms']] }",
            "{ dist = 'uniform', low = '1ms', high = '1ms' }",
        ] {
            assert_eq!(problems(good), [""; 0], "{good}");
        }
        for (bad, message) in [
            ("20", "expected a duration"),
            ("{ dist = 'lognormal', median = '20ms', mean = '20ms', sigma = 0.5 }", "`mean` and `median` exclude"),
            ("{ dist = 'lognormal', median = '20ms' }", "missing key `sigma` or `cv`"),
            ("{ dist = 'gama', mean = '20ms', cv = 1 }", "unknown dist `gama`"),
            ("{ dist = 'gamma', mean = '0s', cv = 1 }", "duration out of range"),
            ("{ dist = 'gamma', mean = '1s', cv = 0 }", "number out of range"),
            ("{ dist = 'uniform', low = '2ms', high = '1ms' }", "`low` is above `high`"),
            ("{ dist = 'constant', value = '1s', min = '3s', max = '2s' }", "`min` is above `max`"),
            ("{ dist = 'empirical', quantiles = [[0.5, '20ms'], [0.4, '90ms']] }", "probabilities must rise"),
            ("{ dist = 'empirical', quantiles = [] }", "empty"),
            ("{ dist = 'exponential', mean = nan }", "numbers are finite"),
            ("{ mean = '1s' }", "missing key `dist`"),
        ] {
            let said = problems(bad);
            assert!(said.iter().any(|said| said.contains(message)), "{bad}: {said:?}");
        }
    }

    #[test]
    fn a_checked_and_completed_table_states_its_defaults() {
        let (mut table, said) = read("[[entry]]\nrate = '2/s'");
        assert_eq!(said, [""; 0]);
        complete(&mut table, &ROOT);
        let entry = table.at("entry").elements()[0].table();
        assert_eq!(entry.at("work").duration(), Nanos(20_000_000));
        assert_eq!(entry.at("mode").text(), "fast");
        assert_eq!(entry.at("rate").rate(), 2.0);
        assert!(!entry.contains("retry"));
    }
}
