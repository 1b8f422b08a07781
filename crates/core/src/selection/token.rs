//! Selection as typed on the command line: `+tag:nightly,config.materialized:table+1`.

use super::SelectionError;
use super::expression::{Criterion, Expression, IndirectSelection, Reach};
use super::method::is_known;

/// What `--select` and `--exclude` say together; nothing under `select` is everything.
pub fn from_arguments(
    select: &[String],
    exclude: &[String],
    indirect: IndirectSelection,
) -> Result<Expression, SelectionError> {
    let chosen = if select.is_empty() { Expression::Everything } else { union(select, indirect)? };
    if exclude.is_empty() {
        return Ok(chosen);
    }
    Ok(Expression::Difference(Box::new(chosen), Box::new(union(exclude, indirect)?)))
}

/// Arguments, each a union separated by blanks of intersections separated by commas.
pub(super) fn union(arguments: &[String], indirect: IndirectSelection) -> Result<Expression, SelectionError> {
    let parts = arguments.iter().flat_map(|argument| argument.split(' '));
    let intersections: Result<Vec<_>, _> = parts
        .map(|part| {
            let criteria: Result<Vec<_>, _> =
                part.split(',').map(|text| criterion(text, indirect).map(Expression::Criterion)).collect();
            criteria.map(|mut criteria| {
                let chosen = match criteria.len() {
                    1 => criteria.remove(0),
                    _ => Expression::Intersection(criteria),
                };
                Expression::Expected(part.to_owned(), Box::new(chosen))
            })
        })
        .collect();
    Ok(Expression::Union(intersections?))
}

/// One criterion: `[@|[n]+][method:]value[+[n]]`.
pub(super) fn criterion(text: &str, indirect: IndirectSelection) -> Result<Criterion, SelectionError> {
    let mut rest = text;
    let childrens_parents = rest.starts_with('@');
    if childrens_parents {
        rest = &rest[1..];
    }
    let (parents, rest) = leading_plus(rest);
    let (children, rest) = trailing_plus(rest);
    if childrens_parents && children.is_some() {
        return Err(SelectionError::AtAndPlus(text.to_owned()));
    }
    let (method, arguments, value) = match method_and_value(rest) {
        Some((method, value)) => {
            let mut names = method.split('.').map(str::to_owned);
            (names.next().unwrap_or_default(), names.collect(), value)
        }
        None => (default_method(rest).to_owned(), Vec::new(), rest),
    };
    let criterion = Criterion {
        text: text.to_owned(),
        method,
        arguments,
        value: value.to_owned(),
        childrens_parents,
        parents,
        children,
        indirect,
    };
    is_known(&criterion.method)?;
    Ok(criterion)
}

/// `2+rest`, `+rest`
fn leading_plus(text: &str) -> (Option<Reach>, &str) {
    match text.split_once('+') {
        Some((depth, rest)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => (Some(reach(depth)), rest),
        _ => (None, text),
    }
}

/// `rest+2`, `rest+`
fn trailing_plus(text: &str) -> (Option<Reach>, &str) {
    match text.rsplit_once('+') {
        Some((rest, depth)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => (Some(reach(depth)), rest),
        _ => (None, text),
    }
}

fn reach(depth: &str) -> Reach {
    if depth.is_empty() { Reach::All } else { Reach::Steps(depth.parse().unwrap_or(usize::MAX)) }
}

/// `config.materialized:table`; a method is made of word characters and dots.
fn method_and_value(text: &str) -> Option<(&str, &str)> {
    let (method, value) = text.split_once(':')?;
    let is_method = !method.is_empty()
        && method.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.');
    is_method.then_some((method, value))
}

/// What a value without a method is: a path, a file, or a name.
pub(super) fn default_method(value: &str) -> &'static str {
    let lower = value.to_ascii_lowercase();
    if value.contains(['/', std::path::MAIN_SEPARATOR]) {
        "path"
    } else if [".sql", ".py", ".csv"].iter().any(|end| lower.ends_with(end)) {
        "file"
    } else {
        "fqn"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, method: &str, arguments: &[&str], value: &str) -> Criterion {
        let found = criterion(text, IndirectSelection::Eager).expect("readable");
        assert_eq!((found.method.as_str(), found.value.as_str()), (method, value));
        assert_eq!(found.arguments, arguments);
        found
    }

    #[test]
    fn reads_methods_and_infers_them() {
        check("tag:x", "tag", &[], "x");
        check("config.meta.a:b", "config", &["meta", "a"], "b");
        check("models/staging", "path", &[], "models/staging");
        check("orders.SQL", "file", &[], "orders.SQL");
        check("a.b.c", "fqn", &[], "a.b.c");
        check("source:a.b", "source", &[], "a.b");
        check("tag:a:b", "tag", &[], "a:b");
    }

    #[test]
    fn reads_graph_operators() {
        let found = check("2+x+", "fqn", &[], "x");
        assert_eq!((found.parents, found.children), (Some(Reach::Steps(2)), Some(Reach::All)));
        let found = check("@source:a+b", "source", &[], "a+b");
        assert!(found.childrens_parents && found.children.is_none());
        assert!(matches!(criterion("@x+1", IndirectSelection::Eager), Err(SelectionError::AtAndPlus(_))));
    }
}
