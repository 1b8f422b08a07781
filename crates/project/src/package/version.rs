//! Versions and ranges of them (<https://semver.org>), as dbt writes them: `>=1.0.0`, `[">=0.8.0", "<0.9.0"]`.

use std::cmp::Ordering;
use std::fmt;

/// A version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch.
    pub numbers: [u64; 3],
    /// `rc1`, `b2`; `None` for a release.
    pub prerelease: Option<String>,
    /// Metadata after `+`.
    pub build: Option<String>,
}

impl Version {
    /// The version of a text: `1.2.3`, `1.2.3-rc1`, `1.2.3rc1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build.to_owned())),
            None => (text, None),
        };
        let digits_end = |text: &str| text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
        let mut numbers = [0; 3];
        let mut rest = text;
        for (index, number) in numbers.iter_mut().enumerate() {
            let end = digits_end(rest);
            *number = rest[..end].parse().ok()?;
            rest = &rest[end..];
            if index < 2 {
                rest = rest.strip_prefix('.')?;
            }
        }
        let prerelease = rest.strip_prefix('-').unwrap_or(rest);
        if !prerelease.chars().all(|it| it.is_ascii_alphanumeric() || it == '.' || it == '-') {
            return None;
        }
        let prerelease = (!prerelease.is_empty()).then(|| prerelease.to_owned());
        Some(Self { numbers, prerelease, build })
    }

    /// Whether it is a prerelease.
    pub fn is_prerelease(&self) -> bool {
        self.prerelease.is_some()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(out, "{major}.{minor}.{patch}")?;
        if let Some(prerelease) = &self.prerelease {
            write!(out, "-{prerelease}")?;
        }
        Ok(())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => prereleases(left, right),
        })
    }
}

/// `rc2` before `rc10`: runs of digits compare as numbers.
fn prereleases(left: &str, right: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(String, u64)> {
        let mut found: Vec<(String, u64)> = Vec::new();
        let mut word = String::new();
        let mut number = String::new();
        for letter in text.chars().chain(std::iter::once('.')) {
            if letter.is_ascii_digit() {
                number.push(letter);
            } else {
                if !number.is_empty() {
                    found.push((std::mem::take(&mut word), number.parse().unwrap_or(u64::MAX)));
                    number.clear();
                }
                if letter != '.' {
                    word.push(letter);
                }
            }
        }
        if !word.is_empty() {
            found.push((word, 0));
        }
        found
    };
    parts(left).cmp(&parts(right))
}

/// One bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    matcher: Matcher,
    version: Option<Version>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matcher {
    Exactly,
    AtLeast,
    Above,
    AtMost,
    Below,
    Compatible,
}

impl Range {
    /// The bound of a text: `>=1.0.0`, `=1.0.0`, `1.0.0`, `<2.0.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text == "*" {
            return Some(Self { matcher: Matcher::Exactly, version: None });
        }
        let (matcher, rest) = [
            (">=", Matcher::AtLeast),
            ("<=", Matcher::AtMost),
            ("==", Matcher::Exactly),
            ("~=", Matcher::Compatible),
            (">", Matcher::Above),
            ("<", Matcher::Below),
            ("=", Matcher::Exactly),
        ]
        .into_iter()
        .find_map(|(sign, matcher)| Some((matcher, text.strip_prefix(sign)?)))
        .unwrap_or((Matcher::Exactly, text));
        Some(Self { matcher, version: Some(Version::parse(rest)?) })
    }

    /// Whether a version is within.
    pub fn accepts(&self, version: &Version) -> bool {
        let Some(bound) = &self.version else { return true };
        match self.matcher {
            Matcher::Exactly => version == bound || version.cmp(bound) == Ordering::Equal,
            Matcher::AtLeast => version >= bound,
            Matcher::Above => version > bound,
            Matcher::AtMost => version <= bound,
            Matcher::Below => version < bound,
            Matcher::Compatible => version >= bound && version.numbers[0] == bound.numbers[0],
        }
    }

    /// Whether it names one version alone.
    pub fn is_exact(&self) -> bool {
        self.matcher == Matcher::Exactly && self.version.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).expect(text)
    }

    #[test]
    fn orders_prereleases_before_releases_and_numbers_as_numbers() {
        assert!(v("1.0.0-rc2") < v("1.0.0-rc10"));
        assert!(v("1.0.0-rc10") < v("1.0.0"));
        assert!(v("1.0.0b1") < v("1.0.0rc1"));
        assert!(v("1.9.0") < v("1.10.0"));
        assert!(Version::parse("1.x").is_none());
    }

    #[test]
    fn ranges_accept_what_they_say() {
        let accepts = |range: &str, version: &str| Range::parse(range).expect(range).accepts(&v(version));
        assert!(accepts(">=1.0.0", "1.0.0") && !accepts(">1.0.0", "1.0.0"));
        assert!(accepts("1.2.3", "1.2.3") && accepts("=1.2.3", "1.2.3") && !accepts("1.2.3", "1.2.4"));
        assert!(accepts("<2.0.0", "1.11.16") && !accepts("<1.11.0", "1.11.16"));
        assert!(Range::parse("x.y").is_none());
    }
}
