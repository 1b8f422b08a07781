//! The truth table of detection: 38 cases, each a test under its number.
//!
//! Threshold 50 %, no floor, US dollars, the earlier record on 21 November, evaluated on 22 November, unless
//! the case says otherwise.

use crate::story::{Story, day, rule};
use serde_json::{Value, json};

/// `alert(kind)`, `no(reason)`, `data(outcome)` or nothing at all.
enum Expected {
    Alert(&'static str),
    No(&'static str),
    Data(&'static str),
    NotEvaluated,
}
use Expected::{Alert, Data, No, NotEvaluated};

/// A record: day, balance, currency.
type Record = (&'static str, &'static str, &'static str);

async fn check(settings: Value, records: &[Record], expected: Expected) {
    let story = Story::new().await;
    for (on, balance, currency) in records {
        story.record_in("acme", on, balance, currency).await;
    }
    let session = story.session().await;
    let judged =
        notifier::detect::judge(&session, &rule(settings), (day("21"), day("22")), Some("acme"), false)
            .await
            .expect("a judgement");
    let found = judged
        .first()
        .map(|one| (one.outcome.as_str(), one.kind.as_deref().unwrap_or_default(), one.reason.as_str()));
    match expected {
        Alert(kind) => assert_eq!(found, Some(("alert", kind, "moved"))),
        No(reason) => assert_eq!(found, Some(("ok", "", reason))),
        Data(outcome) => assert_eq!(found, Some((outcome, "", outcome))),
        NotEvaluated => assert_eq!(found, None),
    }
}

macro_rules! cases {
    ($($name:ident: $settings:tt, $($on:literal $balance:literal $currency:literal),+ => $expected:expr;)+) => {$(
        #[tokio::test]
        async fn $name() {
            check(json!($settings), &[$(($on, $balance, $currency)),+], $expected).await;
        }
    )+};
}

cases! {
    case_01: {}, "21" "100.00" "USD", "22" "150.00" "USD" => Alert("increase");
    case_02: {}, "21" "100.00" "USD", "22" "149.99" "USD" => No("below_threshold");
    case_03: {}, "21" "100.00" "USD", "22" "50.00" "USD" => Alert("decrease");
    case_04: {}, "21" "100.00" "USD", "22" "50.01" "USD" => No("below_threshold");
    case_05: {}, "21" "0.10" "USD", "22" "0.15" "USD" => Alert("increase");
    case_06: {}, "21" "7" "USD", "22" "10.49999999999999999999" "USD" => No("below_threshold");
    case_07: {}, "21" "100" "USD", "22" "100.00" "USD" => No("unchanged");
    case_08: {}, "21" "0" "USD", "22" "0.00" "USD" => No("unchanged");
    case_09: {}, "21" "0" "USD", "22" "25" "USD" => Alert("from_zero");
    case_10: {}, "21" "0" "USD", "22" "-25" "USD" => Alert("from_zero");
    case_11: {}, "21" "25" "USD", "22" "0" "USD" => Alert("to_zero");
    case_12: {}, "21" "-25" "USD", "22" "0" "USD" => Alert("to_zero");
    case_13: {}, "21" "100" "USD", "22" "-1" "USD" => Alert("sign_flip");
    case_14: {}, "21" "-100" "USD", "22" "1" "USD" => Alert("sign_flip");
    case_15: {}, "21" "-100" "USD", "22" "-150" "USD" => Alert("decrease");
    case_16: {}, "21" "-100" "USD", "22" "-149" "USD" => No("below_threshold");
    case_17: {}, "21" "-100" "USD", "22" "-50" "USD" => Alert("increase");
    case_18: {}, "21" "150" "USD", "22" "100" "USD" => No("below_threshold");
    case_19: {}, "21" "0.01" "USD", "22" "0.02" "USD" => Alert("increase");
    case_20: {"min_abs_change": "100"}, "21" "0.01" "USD", "22" "0.02" "USD" => No("below_floor");
    case_21: {"min_abs_change": "100"}, "21" "0" "USD", "22" "99.99" "USD" => No("below_floor");
    case_22: {"min_abs_change": "100"}, "21" "100" "USD", "22" "200" "USD" => Alert("increase");
    case_23: {}, "22" "100" "USD" => No("first_record");
    case_24: {}, "19" "100" "USD", "22" "160" "USD" => Alert("increase");
    case_25: {}, "2026-10-13" "100" "USD", "22" "160" "USD" => Alert("increase");
    case_26: {}, "20" "100" "USD", "21" "null" "USD", "22" "160" "USD" => Alert("increase");
    case_27: {}, "21" "100" "USD", "22" "null" "USD" => Data("bad_data");
    case_28: {}, "21" "100" "USD", "22" "NaN" "USD" => Data("bad_data");
    case_29: {}, "20" "100" "USD", "21" "NaN" "USD", "22" "120" "USD" => No("below_threshold");
    case_30: {}, "21" "100" "USD", "22" "Infinity" "USD" => Data("bad_data");
    case_31: {}, "21" "null" "USD", "22" "100" "USD" => No("first_record");
    case_32: {}, "21" "100" "USD", "22" "15000" "JPY" => Data("currency_changed");
    case_33: {}, "21" "99999999999999999999.98" "USD", "22" "149999999999999999999.97" "USD" => Alert("increase");
    case_34: {}, "21" "99999999999999999999.98" "USD", "22" "149999999999999999999.96" "USD" => No("below_threshold");
    case_35: {}, "21" "100" "USD", "22" "100.0000" "USD" => No("unchanged");
    case_36: {"segments": [{"when": {"country": ["DE"]}, "threshold": "0.20"}]},
        "21" "100" "USD", "22" "120" "USD" => Alert("increase");
    case_37: {"threshold": "1.00"}, "21" "100" "USD", "22" "200" "USD" => Alert("increase");
    case_38: {}, "21" "100" "USD", "23" "200" "USD" => NotEvaluated;
}
