//! The made-up company: how many organizations it has, who they are, and who writes how many invoices.

use chrono::{Days, NaiveDate};

use super::random::Random;
use super::stories::{STORIES, Story};

const ORGANIZATIONS: u64 = 1;
const COUNTRIES: u64 = 2;
const STRANGERS: u64 = 3;

/// How many organizations invoices may name that the drops don't.
const STRANGER_COUNT: u64 = 3;

/// The company of one seed. Everything about it is a function of the seed and the day.
#[derive(Debug)]
pub struct Company {
    /// The seed of all its numbers.
    pub seed: u64,
    /// How many organizations it has, the stories' included.
    pub organizations: u64,
    /// The ordinary organizations' shares of all invoices, summed up: the last is 1.
    shares: Vec<f64>,
}

/// One organization's row.
#[derive(Debug)]
pub struct Organization {
    /// Its id.
    pub id: i64,
    /// The first payment, if it ever paid.
    pub first_payment: Option<NaiveDate>,
    /// The latest payment, if it ever paid.
    pub last_payment: Option<NaiveDate>,
    /// The hashed country.
    pub country: i64,
    /// Active contracts.
    pub contracts: u64,
    /// The day it was created.
    pub created: NaiveDate,
}

impl Company {
    /// A company of so many organizations, the stories' among them.
    pub fn new(seed: u64, organizations: u64) -> Self {
        let ordinary = organizations.saturating_sub(STORIES.len() as u64);
        Self { seed, organizations: ordinary + STORIES.len() as u64, shares: shares(ordinary) }
    }

    /// The organizations with a story.
    pub fn stories(&self) -> impl Iterator<Item = (Organization, &'static Story)> {
        (0..).zip(STORIES).map(|(index, story)| (self.organization(index), story))
    }

    /// The organizations without one.
    pub fn ordinary(&self) -> impl Iterator<Item = Organization> {
        (STORIES.len() as u64..self.organizations).map(|index| self.organization(index))
    }

    /// The organization that an invoice belongs to: often one of the large ones, in two of 1,000 cases one
    /// that the drops don't name.
    pub fn payer(&self, random: &mut Random) -> i64 {
        if random.chance(2) || self.shares.is_empty() {
            let stranger = random.below(STRANGER_COUNT);
            return Random::of(self.seed, STRANGERS, stranger).id();
        }
        let point = f64::from(u32::try_from(random.bits() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0);
        let rank = self.shares.partition_point(|share| *share <= point).min(self.shares.len() - 1);
        self.id((STORIES.len() + rank) as u64)
    }

    fn id(&self, index: u64) -> i64 {
        Random::of(self.seed, ORGANIZATIONS, index).id()
    }

    fn organization(&self, index: u64) -> Organization {
        let mut random = Random::of(self.seed, ORGANIZATIONS, index);
        let id = random.id();
        let start = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap_or_default();
        let created = start + Days::new(random.below(2_400));
        let first = created + Days::new(random.below(60));
        let last = first + Days::new(random.below(400));
        let paid = !random.chance(100);
        let country = random.below(60);
        Organization {
            id,
            first_payment: paid.then_some(first),
            last_payment: paid.then_some(last),
            country: Random::of(self.seed, COUNTRIES, country).id(),
            contracts: (0..16).map(|_| random.below(2)).sum(),
            created,
        }
    }
}

/// Shares that fall with the rank, `1 / (rank + c)`: with `c` a 218th of the count, the largest of 21,806
/// organizations gets 23,000 of 12.7 million invoices, as the real one does.
fn shares(count: u64) -> Vec<f64> {
    let offset = to_float(count) / 218.0 + 1.0;
    let weights = (0..count).map(|rank| 1.0 / (to_float(rank) + offset));
    let mut sums: Vec<f64> = weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let total = sums.last().copied().unwrap_or(1.0);
    for sum in &mut sums {
        *sum /= total;
    }
    sums
}

fn to_float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Company, shares};

    #[test]
    fn the_largest_organization_is_as_large_as_the_real_one() {
        let largest = shares(21_806)[0] * 12_708_796.0;
        assert!((20_000.0..26_000.0).contains(&largest), "{largest}");
    }

    #[test]
    fn ids_differ() {
        let company = Company::new(7, 21_806);
        let mut ids: Vec<i64> = company.ordinary().map(|organization| organization.id).collect();
        ids.extend(company.stories().map(|(organization, _)| organization.id));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 21_806);
    }
}
