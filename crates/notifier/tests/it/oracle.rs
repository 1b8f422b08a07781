//! The SQL of detection against a second implementation, in Rust decimals, over random histories; and what
//! must stay the same when a history is changed in ways that mean nothing.
//!
//! `ORACLE_HISTORIES` (4,000) and `ORACLE_SEED` (1) repeat it; `cargo xtask oracle` sets them.

mod history;
mod judgement;
mod metamorphic;

use crate::story::{Story, rule};
use chrono::NaiveDate;
use history::{FIRST, History, LAST, Random, histories};
use judgement::{Terms, Verdict, verdicts};
use notifier::Rule;
use notifier::detect::{Judged, judge};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Histories that are judged by one statement.
const BATCH: usize = 2_500;

/// A number of the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Rules that between them use everything that a judgement has.
fn rules() -> Vec<Value> {
    vec![
        json!({}),
        json!({"threshold": "0.3335"}),
        json!({"min_abs_change": "100"}),
        json!({"measure": "symmetric_max", "threshold": "0.25"}),
        json!({"threshold": "1.00", "max_baseline_age": 3}),
        json!({"compare_to": "7 days ago", "min_abs_change": "0.5"}),
        json!({"compare_to": "2 days ago", "measure": "symmetric_max"}),
        json!({"threshold": "0.9", "segments": [{"when": {"country": ["DE"]}, "threshold": "0.125"}]}),
    ]
}

/// What the database says of them, by organization and day: of all, or only of those worth telling.
async fn judged(
    story: &Story,
    rule: &Rule,
    since: NaiveDate,
    as_of: NaiveDate,
    findings_only: bool,
) -> Verdicts {
    let session = story.session().await;
    let judged = judge(&session, rule, (since, as_of), None, findings_only).await.expect("a judgement");
    judged.into_iter().map(|one| ((one.organization.clone(), one.record_date), verdict(one))).collect()
}

type Verdicts = BTreeMap<(String, NaiveDate), Verdict>;

fn verdict(one: Judged) -> Verdict {
    Verdict {
        reason: one.reason,
        outcome: one.outcome,
        kind: one.kind,
        base: one.base_date.zip(one.base_value.map(|base| base.as_str().parse().expect("a decimal"))),
        percent: one.change_percent.map(|text| text.parse().expect("a decimal")),
        is_old: one.is_stale_baseline,
    }
}

/// What the second implementation says of them.
fn expected(histories: &[History], terms: &Terms, since: NaiveDate, as_of: NaiveDate) -> Verdicts {
    let of = |history: &History| {
        let found = verdicts(history, terms, since, as_of);
        let name = history.organization.clone();
        found.into_iter().map(move |(day, verdict)| ((name.clone(), day), verdict)).collect::<Vec<_>>()
    };
    histories.iter().flat_map(of).collect()
}

impl Story {
    /// Puts histories into the watched table, in that order.
    async fn keep(&self, histories: &[History]) {
        let (mut ids, mut days, mut values, mut currencies) = (vec![], vec![], vec![], vec![]);
        for (history, record) in
            histories.iter().flat_map(|one| one.records.iter().map(move |record| (one, record)))
        {
            ids.push(history.organization.as_str());
            days.push(record.day);
            values.push(record.value.as_sql());
            currencies.push(record.currency);
        }
        let session = self.session().await;
        session
            .execute(
                "insert into analytics.daily
                 select id, id, day, balance::numeric, currency, 'DE', 1
                 from unnest($1::text[], $2::date[], $3::text[], $4::text[]) as record(id, day, balance, currency)",
                &[&ids, &days, &values, &currencies],
            )
            .await
            .expect("records");
    }
}

/// Every verdict of both: the reason, the outcome, the baseline and its day, the kind, every digit of the
/// percentage, whether the baseline is old.
#[tokio::test]
async fn two_implementations_agree() {
    let (total, seed) = (number("ORACLE_HISTORIES", 4_000), number("ORACLE_SEED", 1));
    let rules = rules();
    let mut random = Random::new(seed);
    let (mut done, mut records, mut seen) = (0, 0, BTreeMap::<String, usize>::new());
    let story = Story::new().await;
    let mut batch = 0;
    while done < total {
        let size =
            BATCH.min(usize::try_from(total - done).expect("a number")).min(total.div_ceil(8) as usize);
        let terms = Terms::of(&rules[batch % rules.len()]);
        let rule = rule(rules[batch % rules.len()].clone());
        let histories = histories(&mut random, &terms, size, batch);
        story.sql("truncate analytics.daily").await;
        story.keep(&histories).await;
        let found = judged(&story, &rule, FIRST, LAST, false).await;
        let wanted = expected(&histories, &terms, FIRST, LAST);
        for (key, verdict) in &wanted {
            if found.get(key) != Some(verdict) {
                let history = histories.iter().find(|one| one.organization == key.0);
                panic!(
                    "seed {seed}, {key:?}\nSQL  {:?}\nRust {verdict:?}\n{terms:?}\n{history:#?}",
                    found.get(key)
                );
            }
            *seen
                .entry(format!("{} {}", verdict.reason, verdict.kind.as_deref().unwrap_or_default()))
                .or_default() += 1;
        }
        assert_eq!(found.len(), wanted.len(), "seed {seed}: the SQL judges what is not there");
        // Of calm organizations nothing is sorted and compared; and nothing may be missed by that.
        let findings = judged(&story, &rule, FIRST, LAST, true).await;
        let worth_telling: Verdicts =
            found.into_iter().filter(|(_, verdict)| verdict.outcome != "ok").collect();
        assert_eq!(findings, worth_telling, "seed {seed}");
        records += wanted.len();
        done += size as u64;
        batch += 1;
    }
    // A history that never shows a case proves nothing about it.
    for case in [
        "moved increase",
        "moved decrease",
        "moved from_zero",
        "moved to_zero",
        "moved sign_flip",
        "below_threshold ",
        "below_floor ",
        "unchanged ",
        "first_record ",
        "bad_data ",
        "currency_changed ",
    ] {
        assert!(seen.get(case).is_some_and(|number| *number > 10), "{case}: {seen:?}");
    }
    eprintln!("{done} histories, {records} verdicts, all alike: {seen:?}");
}
