//! Types of columns, as agate's tester finds them: the first type in dbt's order that every value can be read as.

use super::moment::{date, date_time, iso};
use super::number::{Number, maybe, plain};
use super::text::{is_null, strip};
use platform_core::seed::SeedType;

/// Places that Python's decimal context has; a column that needs more gives up decimals.
const PRECISION: i64 = 28;

/// What a column can still be, after the values seen so far.
#[derive(Clone, Debug)]
pub struct Guess {
    number: bool,
    date: bool,
    date_time: bool,
    iso: bool,
    boolean: bool,
    whole: i64,
    decimals: i64,
}

impl Guess {
    /// Before the first value everything is possible, or only text.
    pub fn new(text: bool) -> Self {
        let any = !text;
        Self { number: any, date: any, date_time: any, iso: any, boolean: any, whole: 1, decimals: 0 }
    }

    /// Whether nothing but text is left.
    pub fn is_text(&self) -> bool {
        !(self.number || self.date || self.date_time || self.iso || self.boolean)
    }

    /// Takes a value into account.
    pub fn see(&mut self, value: &str) {
        if value.is_empty() || self.is_text() {
            return;
        }
        if self.number
            && let Some(plain) = plain(value.as_bytes())
        {
            self.whole = self.whole.max(plain.whole);
            self.decimals = self.decimals.max(plain.decimals);
            self.only_number();
            return;
        }
        if is_null(value) {
            return;
        }
        if self.number {
            match maybe(value).then(|| Number::read(value)).flatten() {
                Some(number) => {
                    if let Some((whole, decimals)) = number.places() {
                        self.whole = self.whole.max(whole);
                        self.decimals = self.decimals.max(decimals);
                    }
                }
                None => self.number = false,
            }
        }
        self.date = self.date && date(value).is_some();
        self.date_time = self.date_time && date_time(value).is_some();
        self.iso = self.iso && iso(value).is_some();
        self.boolean = self.boolean && boolean(value).is_some();
    }

    /// A plain number is nothing else; `20200101` is no date.
    fn only_number(&mut self) {
        (self.date, self.date_time, self.iso, self.boolean) = (false, false, false, false);
    }

    /// The type, once every value was seen.
    pub fn kind(&self) -> SeedType {
        let most =
            if self.whole + self.decimals > PRECISION { PRECISION - self.whole } else { self.decimals };
        match self {
            // Fewer than no decimals are some, to dbt.
            Self { number: true, .. } if most != 0 => SeedType::Float,
            Self { number: true, .. } => SeedType::Integer,
            Self { date: true, .. } => SeedType::Date,
            Self { date_time: true, .. } => SeedType::DateTime,
            Self { iso: true, .. } => SeedType::IsoDateTime,
            Self { boolean: true, .. } => SeedType::Boolean,
            _ => SeedType::Text,
        }
    }
}

/// A boolean, or a null that has commas in it, which are no matter here.
#[expect(clippy::option_option, reason = "no boolean, null, and a boolean")]
pub fn boolean(value: &str) -> Option<Option<bool>> {
    let bare = value.replace(',', "");
    let bare = strip(&bare);
    if is_null(bare) {
        return Some(None);
    }
    if bare.eq_ignore_ascii_case("true") {
        return Some(Some(true));
    }
    bare.eq_ignore_ascii_case("false").then_some(Some(false))
}
