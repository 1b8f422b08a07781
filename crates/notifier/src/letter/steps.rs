//! What to do about what moved.

use super::{Action, Facts};
use crate::alert::Alert;
use crate::plain::plain;

/// Of some changes.
pub(super) fn of_changes(facts: &Facts<'_>, alerts: &[&Alert]) -> Vec<Action> {
    let Some(first) = alerts.iter().find(|alert| !alert.is_withdrawal()) else { return Vec::new() };
    let organization = crate::shell::quoted(&first.organization);
    let mut actions = vec![see("See the two records, the arithmetic and the decision", first)];
    actions.push(Action {
        what: "If nothing at the customer explains it, suspect the data, and tell whoever loads it"
            .to_owned(),
        command: String::new(),
    });
    actions.extend(first.incident.map(take));
    actions.push(Action {
        what: "Hear nothing of a customer for a week".to_owned(),
        command: format!("dp alerts silence add --org {organization} --for 7d --by YOU --comment WHY"),
    });
    actions.extend(more(facts));
    actions
}

/// Of many at once: the load is to be looked at and not each customer.
pub(super) fn of_mass(facts: &Facts<'_>, alerts: &[&Alert]) -> Vec<Action> {
    let mut actions = vec![Action {
        what: "Look at the day's load before you call anybody: did every file come, once, and in full?"
            .to_owned(),
        command: "dp alerts list runs".to_owned(),
    }];
    actions.extend(alerts.first().map(|first| see("See one of them in full", first)));
    actions.extend(facts.mass_incident.map(take));
    actions.extend(more(facts));
    actions
}

fn see(what: &str, alert: &Alert) -> Action {
    let organization = crate::shell::quoted(&alert.organization);
    Action {
        what: what.to_owned(),
        command: format!("dp alerts explain {organization} --date {}", alert.record_date),
    }
}

fn take(incident: i64) -> Action {
    Action {
        what: "Tell the others that you are on it; every alert has its number".to_owned(),
        command: format!("dp alerts ack {incident} --by YOU"),
    }
}

fn more(facts: &Facts<'_>) -> Option<Action> {
    let url = facts.rule.url.as_ref()?;
    Some(Action { what: format!("Read more: {}", plain(url, 300)), command: String::new() })
}
