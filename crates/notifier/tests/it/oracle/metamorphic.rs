//! Changes to a history that must not change what is found, or must change it in a known way.

use super::history::{FIRST, History, LAST, Random, Value, histories};
use super::judgement::{Terms, Verdict};
use super::{Verdicts, judged, number};
use crate::story::{Story, rule};
use chrono::{NaiveDate, TimeDelta};
use notifier::Rule;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

const HISTORIES: usize = 600;

/// A company with random histories, and what is found in them.
async fn company(settings: &Json) -> (Story, Rule, Vec<History>, Verdicts) {
    let story = Story::new().await;
    let mut random = Random::new(number("ORACLE_SEED", 1) + 77);
    let histories = histories(&mut random, &Terms::of(settings), HISTORIES, 0);
    story.keep(&histories).await;
    let rule = rule(settings.clone());
    let found = judged(&story, &rule, FIRST, LAST, false).await;
    assert!(found.values().filter(|one| one.outcome == "alert").count() > HISTORIES / 4);
    (story, rule, histories, found)
}

/// What is found once every record is another.
async fn after(story: &Story, rule: &Rule, histories: &[History], days: (NaiveDate, NaiveDate)) -> Verdicts {
    story.sql("truncate analytics.daily").await;
    story.keep(histories).await;
    judged(story, rule, days.0, days.1, false).await
}

fn values(histories: &[History], change: impl Fn(Decimal) -> Decimal) -> Vec<History> {
    let mut changed = histories.to_vec();
    for record in changed.iter_mut().flat_map(|history| &mut history.records) {
        if let Value::Number(number) = record.value {
            record.value = Value::Number(change(number));
        }
    }
    changed
}

#[tokio::test]
async fn the_calendar_means_nothing() {
    let (story, rule, mut histories, found) = company(&json!({"max_baseline_age": 3})).await;
    // Over a leap day and the turn of a year.
    let shift = TimeDelta::days(480);
    for record in histories.iter_mut().flat_map(|history| &mut history.records) {
        record.day += shift;
    }
    let shifted = after(&story, &rule, &histories, (FIRST + shift, LAST + shift)).await;
    let back = |verdict: &Verdict| Verdict {
        base: verdict.base.map(|(day, value)| (day - shift, value)),
        ..verdict.clone()
    };
    let shifted: Verdicts =
        shifted.iter().map(|((id, day), verdict)| ((id.clone(), *day - shift), back(verdict))).collect();
    assert_eq!(shifted, found);
}

#[tokio::test]
async fn the_unit_means_nothing_without_a_floor() {
    let (story, rule, histories, found) = company(&json!({})).await;
    for factor in ["0.001", "7", "131.25"] {
        let factor: Decimal = factor.parse().expect("a decimal");
        let scaled = after(&story, &rule, &values(&histories, |value| value * factor), (FIRST, LAST)).await;
        for (key, verdict) in &found {
            let wanted =
                Verdict { base: verdict.base.map(|(day, value)| (day, value * factor)), ..verdict.clone() };
            assert_eq!(scaled.get(key), Some(&wanted), "times {factor}: {key:?}");
        }
    }
}

#[tokio::test]
async fn owing_is_having_the_other_way_round() {
    let (story, rule, histories, found) = company(&json!({"min_abs_change": "3"})).await;
    let mirrored = after(&story, &rule, &values(&histories, |value| -value), (FIRST, LAST)).await;
    for (key, verdict) in &found {
        let kind = verdict.kind.as_deref().map(|kind| match kind {
            "increase" => "decrease",
            "decrease" => "increase",
            other => other,
        });
        let wanted = Verdict {
            kind: kind.map(str::to_owned),
            base: verdict.base.map(|(day, value)| (day, -value)),
            percent: verdict.percent.map(|percent| -percent),
            ..verdict.clone()
        };
        assert_eq!(mirrored.get(key), Some(&wanted), "{key:?}");
    }
}

#[tokio::test]
async fn the_order_of_rows_means_nothing() {
    let (story, rule, mut histories, found) = company(&json!({"compare_to": "3 days ago"})).await;
    histories.reverse();
    histories.iter_mut().for_each(|history| history.records.reverse());
    assert_eq!(after(&story, &rule, &histories, (FIRST, LAST)).await, found);
}

#[tokio::test]
async fn a_customer_is_no_other_customers_business() {
    let (story, rule, histories, found) = company(&json!({})).await;
    let half = &histories[..HISTORIES / 2];
    let alone = after(&story, &rule, half, (FIRST, LAST)).await;
    let kept: Verdicts = found
        .into_iter()
        .filter(|((id, _), _)| half.iter().any(|history| &history.organization == id))
        .collect();
    assert_eq!(alone, kept);
}

#[tokio::test]
async fn looking_in_two_steps_finds_the_same() {
    let (story, rule, _, found) = company(&json!({"threshold": "0.3335"})).await;
    for days in 1..6 {
        let middle = FIRST + TimeDelta::days(days);
        let mut both = judged(&story, &rule, FIRST, middle, false).await;
        both.extend(judged(&story, &rule, middle, LAST, false).await);
        assert_eq!(both, found, "split after {middle}");
    }
}

/// The same through all of the machinery: days evaluated one by one, and all of them at once after an outage.
#[tokio::test]
async fn evaluating_day_by_day_finds_what_catching_up_finds() {
    let mut kept = Vec::new();
    for step in [1, 2, 6] {
        let (mut story, rule, _, _) = company(&json!({"freshness": {"missing_days": 0}})).await;
        story.rule = rule;
        let mut day = FIRST;
        while day <= LAST {
            story.evaluate_at(&day.to_string(), day.and_hms_opt(9, 0, 0).expect("a time").and_utc()).await;
            day += TimeDelta::days(step);
        }
        let session = story.session().await;
        let rows = session
            .query(
                "select organization_id || ' ' || record_date || ' ' || outcome || ' ' || coalesce(kind, '') || ' '
                    || coalesce(base_date::text, '') || ' ' || coalesce(base_value::text, '') || ' '
                    || coalesce(cur_value::text, '') || ' ' || coalesce(change_percent::text, '')
                 from alerting.evaluation where record_date > $1 order by 1",
                &[&FIRST],
            )
            .await
            .expect("findings");
        kept.push(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
    }
    assert!(kept[0].len() > HISTORIES / 4, "{}", kept[0].len());
    assert_eq!(kept[0], kept[1]);
    assert_eq!(kept[0], kept[2]);
}
