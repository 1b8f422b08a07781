//! Random histories that go where arithmetic goes wrong: to the threshold and a hair beside it, to zero and
//! through it, over gaps, nulls and other currencies.

use super::judgement::Terms;
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;

/// Records after this day are judged …
pub const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 8).expect("a day");
/// … up to this one.
pub const LAST: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 14).expect("a day");
/// Days before the first judged one on which there may be records.
const PAST: i64 = 20;

/// One organization's records, by day.
#[derive(Clone, Debug)]
pub struct History {
    pub organization: String,
    pub records: Vec<Record>,
}

/// One day's balance.
#[derive(Clone, Debug)]
pub struct Record {
    pub day: NaiveDate,
    pub value: Value,
    pub currency: Option<&'static str>,
}

/// What a balance can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    NaN,
    Infinite,
    Number(Decimal),
}

impl Value {
    pub fn as_sql(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::NaN => Some("NaN".to_owned()),
            Self::Infinite => Some("-Infinity".to_owned()),
            Self::Number(number) => Some(number.to_string()),
        }
    }

    pub fn number(self) -> Option<Decimal> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(1))
    }

    pub fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most.unsigned_abs()).cast_signed()
    }

    fn one_in(&mut self, number: i64) -> bool {
        self.below(number) == 0
    }
}

/// So many histories, around the edges of these terms.
pub fn histories(random: &mut Random, terms: &Terms, number: usize, batch: usize) -> Vec<History> {
    (0..number).map(|index| history(random, terms, format!("o{batch}-{index}"))).collect()
}

fn history(random: &mut Random, terms: &Terms, organization: String) -> History {
    let density = 1 + random.below(4);
    let begin = FIRST - TimeDelta::days(random.below(PAST));
    let days = (LAST - begin).num_days() + 2;
    let (mut records, mut last) = (Vec::new(), amount(random));
    // Some do nothing worth a word before the last day, which detection sees to without comparing their days.
    let is_quiet = random.one_in(3);
    for offset in 0..days {
        if random.below(5) > density {
            continue;
        }
        let day = begin + TimeDelta::days(offset);
        let value = match random.below(30) {
            _ if is_quiet && day < LAST => Value::Number(nearly(random, last)),
            0 => Value::Null,
            1 if random.one_in(2) => Value::NaN,
            2 if random.one_in(3) => Value::Infinite,
            _ => Value::Number(next(random, terms, last)),
        };
        last = value.number().unwrap_or(last);
        let currency = match random.below(40) {
            _ if is_quiet => Some("USD"),
            0 => Some("JPY"),
            1 if random.one_in(2) => None,
            _ => Some("USD"),
        };
        records.push(Record { day, value, currency });
    }
    History { organization, records }
}

/// Any amount: of few digits or many, with cents or finer, on either side of zero.
fn amount(random: &mut Random) -> Decimal {
    let digits = random.below(12).unsigned_abs() as u32;
    let scale = random.below(5).unsigned_abs() as u32;
    let mantissa = random.below(10_i64.pow(digits) + 1);
    Decimal::new(if random.one_in(4) { -mantissa } else { mantissa }, scale)
}

/// A balance close to the last one, or the same.
fn nearly(random: &mut Random, last: Decimal) -> Decimal {
    let step = last.abs() / Decimal::from(100 + random.below(200)) * Decimal::from(random.below(3) - 1);
    (last + step.round_dp(6)).round_dp(8)
}

/// The next balance: often exactly at the threshold or the floor, or the last digit off it.
fn next(random: &mut Random, terms: &Terms, last: Decimal) -> Decimal {
    let hair = Decimal::new(random.below(3) - 1, (last.scale() + 2).clamp(3, 8));
    let step = match random.below(12) {
        0..=3 => last.abs() * terms.threshold,
        4 => terms.floor,
        5 => return Decimal::ZERO,
        6 => return -last,
        7 => return last + Decimal::new(0, 6),
        8 => last.abs(),
        // Seen from the larger of both.
        9 if terms.threshold < Decimal::ONE => {
            (last.abs() / (Decimal::ONE - terms.threshold) - last.abs()).round_dp(6)
        }
        10 => last.abs() / Decimal::from(3 + random.below(40)),
        _ => return amount(random),
    };
    let step = if random.one_in(2) { -step } else { step };
    let next = (last + step.round_dp(8) + hair).round_dp(8);
    // Products of both must stay exact in 28 digits.
    if next.abs() < Decimal::from(100_000_000_000_i64) { next } else { amount(random) }
}
