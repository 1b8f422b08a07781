//! What differs between two records, in words.
//!
//! What matters most to people comes first: commands, then the graph, then tables, then properties.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{NodeRecord, Record, RelationRecord, StepRecord};

/// Every difference, one sentence each: first what dbt Core gave, then what dp gave.
pub fn differences(expected: &Record, actual: &Record) -> Vec<String> {
    let mut found = Vec::new();
    for (number, (before, after)) in expected.steps.iter().zip(&actual.steps).enumerate() {
        step(number + 1, before, after, &mut found);
    }
    if expected.steps.len() != actual.steps.len() {
        found.push(format!("{} steps, not {}", actual.steps.len(), expected.steps.len()));
    }
    each("graph", &expected.parents, &actual.parents, &mut found, |id, before, after, found| {
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
        found.extend(before.difference(&after).map(|parent| format!("{id}: lacks the parent {parent}")));
        found.extend(after.difference(&before).map(|parent| format!("{id}: has the parent {parent}")));
    });
    each("relation", &expected.relations, &actual.relations, &mut found, relation);
    each("function", &expected.functions, &actual.functions, &mut found, |name, before, after, found| {
        if before != after {
            found.push(format!("function {name}: {before}, here {after}"));
        }
    });
    each("node", &expected.nodes, &actual.nodes, &mut found, |id, before, after, found| {
        lines(&format!("{id}: property"), before, after, found);
    });
    each("compiled", &expected.compiled, &actual.compiled, &mut found, |id, before, after, found| {
        if before != after {
            let at = before.iter().zip(after).take_while(|(before, after)| before == after).count();
            let at_line = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            found.push(format!("{id}: compiled SQL `{}`, here `{}`", at_line(before), at_line(after)));
        }
    });
    found
}

fn step(number: usize, expected: &StepRecord, actual: &StepRecord, found: &mut Vec<String>) {
    let place = format!("step {number} `{}`", expected.command);
    if expected.exit != actual.exit {
        found.push(format!("{place}: exit code {}, here {}", expected.exit, actual.exit));
    }
    each(
        &format!("{place}: result of"),
        &expected.results,
        &actual.results,
        found,
        |id, before, after, found| {
            if before != after {
                found.push(format!("{place}: {id} {}, here {}", outcome(before), outcome(after)));
            }
        },
    );
    lines(&format!("{place}: line"), &expected.output, &actual.output, found);
}

fn outcome(node: &NodeRecord) -> String {
    let failures = node.failures.map(|failures| format!(" with {failures} failures")).unwrap_or_default();
    let message = node.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
    format!("{}{failures}{message}", node.status)
}

fn relation(name: &str, expected: &RelationRecord, actual: &RelationRecord, found: &mut Vec<String>) {
    if expected.kind != actual.kind {
        found.push(format!("{name}: a {}, here a {}", expected.kind, actual.kind));
    }
    lines(&format!("{name}: column"), &expected.columns, &actual.columns, found);
    lines(&format!("{name}: property"), &expected.properties, &actual.properties, found);
    lines(&format!("{name}: row"), &expected.rows, &actual.rows, found);
    let mut order = expected.columns.clone();
    order.sort();
    let mut other = actual.columns.clone();
    other.sort();
    if order == other && expected.columns != actual.columns {
        found.push(format!("{name}: the columns stand in another order"));
    }
}

/// Lines that one side has more often than the other.
fn lines(what: &str, expected: &[String], actual: &[String], found: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    expected.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    actual.iter().for_each(|line| *counts.entry(line).or_default() -= 1);
    for (line, count) in counts {
        match count {
            0 => {}
            1.. => found.push(format!("{what} missing: {line}")),
            _ => found.push(format!("{what} too much: {line}")),
        }
    }
}

/// Compares the values of two maps, and tells of keys that one of them lacks.
fn each<T>(
    what: &str,
    expected: &BTreeMap<String, T>,
    actual: &BTreeMap<String, T>,
    found: &mut Vec<String>,
    compare: impl Fn(&str, &T, &T, &mut Vec<String>),
) {
    for (key, before) in expected {
        match actual.get(key) {
            Some(after) => compare(key, before, after, found),
            None => found.push(format!("{what} {key} is missing")),
        }
    }
    found.extend(
        actual
            .keys()
            .filter(|key| !expected.contains_key(*key))
            .map(|key| format!("{what} {key} is too much")),
    );
}

#[cfg(test)]
mod tests {
    use super::super::record::{Record, RelationRecord, StepRecord};
    use super::differences;

    fn record(rows: &[&str], exit: i32) -> Record {
        let mut record = Record::default();
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        let relation = RelationRecord { kind: "table".to_owned(), rows, ..RelationRecord::default() };
        record.relations.insert("analytics.a".to_owned(), relation);
        record.steps.push(StepRecord { command: "run".to_owned(), exit, ..StepRecord::default() });
        record
    }

    #[test]
    fn equal_records_have_no_differences() {
        assert_eq!(differences(&record(&["[1]"], 0), &record(&["[1]"], 0)), [""; 0]);
    }

    #[test]
    fn rows_and_exit_codes_are_compared() {
        let found = differences(&record(&["[1]", "[2]", "[2]"], 0), &record(&["[2]", "[3]"], 1));
        assert_eq!(
            found,
            [
                "step 1 `run`: exit code 0, here 1",
                "analytics.a: row missing: [1]",
                "analytics.a: row missing: [2]",
                "analytics.a: row too much: [3]",
            ]
        );
    }

    #[test]
    fn relations_of_one_side_are_named() {
        let mut other = record(&[], 0);
        other.relations.clear();
        assert_eq!(differences(&record(&[], 0), &other), ["relation analytics.a is missing"]);
        assert_eq!(differences(&other, &record(&[], 0)), ["relation analytics.a is too much"]);
    }
}
