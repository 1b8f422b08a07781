//! The awkward customers: written by hand, day by day, so that every rule of the alert has somebody to meet.
#![expect(clippy::inconsistent_digit_grouping, reason = "`1_000_00` is 1,000 dollars and 0 cents")]

/// What happens to an organization on a day, in cents of a US dollar.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// A new invoice, unpaid.
    Bill(i64),
    /// A payment on the first invoice; it is `paid` once nothing is owed.
    Pay(i64),
    /// A credit note: an invoice that takes its amount off the balance.
    Credit(i64),
}

/// One organization with a past.
#[derive(Debug)]
pub struct Story {
    /// What the organization goes through.
    pub name: &'static str,
    /// The days since the first drop, and what happens on them, in order.
    pub events: &'static [(u32, Event)],
    /// The first drop that names the organization.
    pub since: u32,
    /// A drop that leaves it out.
    pub missed: Option<u32>,
}

use Event::{Bill, Credit, Pay};

/// The stories, in the order in which the files have them.
pub const STORIES: &[Story] = &[
    story("moved up by 80 %, then stands still", &[(0, Bill(100_00)), (1, Bill(80_00))]),
    story("moved up by exactly 50 %", &[(0, Bill(1_000_00)), (1, Bill(500_00))]),
    story("moved up by 49.99 %", &[(0, Bill(1_000_00)), (1, Bill(499_90))]),
    story("moved down by exactly 50 %", &[(0, Bill(800_00)), (2, Pay(400_00))]),
    story("moved down by 49.99 %", &[(0, Bill(800_00)), (2, Pay(399_92))]),
    story("a few cents: 0.10 to 0.15", &[(0, Bill(10)), (2, Bill(5))]),
    story("from zero", &[(0, Bill(2_750_00)), (0, Pay(2_750_00)), (1, Bill(640_00))]),
    story("to zero", &[(0, Bill(430_25)), (2, Pay(430_25))]),
    story("changes its sign", &[(0, Bill(120_00)), (1, Pay(200_00))]),
    story("below zero and further down", &[(0, Credit(100_00)), (2, Credit(50_00))]),
    story("a billion, and moved by less than half", &[(0, Bill(104_857_600_000)), (1, Bill(9_900_000_000))]),
    story("has never been billed", &[]),
    story("rises a little every day", &[(0, Bill(100_00)), (1, Bill(40_00)), (2, Bill(50_00))]),
    Story {
        name: "misses the second day and comes back 60 % higher",
        events: &[(0, Bill(5_000_00)), (2, Bill(3_000_00))],
        since: 0,
        missed: Some(1),
    },
    Story {
        name: "is new on the second day, moves on the third",
        events: &[(1, Bill(900_00)), (2, Bill(1_100_00))],
        since: 1,
        missed: None,
    },
];

const fn story(name: &'static str, events: &'static [(u32, Event)]) -> Story {
    Story { name, events, since: 0, missed: None }
}

/// An invoice of a story as it stands on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invoice {
    /// `open`, `paid` or `credited`.
    pub status: &'static str,
    /// Cents.
    pub amount: i64,
    /// Cents, where anything was paid.
    pub payment: Option<i64>,
}

impl Story {
    /// Whether a drop names the organization.
    pub fn appears_on(&self, day: u32) -> bool {
        self.since <= day && self.missed != Some(day)
    }

    /// The invoices as they stand at the end of a day.
    pub fn invoices_on(&self, day: u32) -> Vec<Invoice> {
        let mut invoices: Vec<Invoice> = Vec::new();
        for (_, event) in self.events.iter().filter(|(on, _)| *on <= day) {
            match *event {
                Bill(amount) => invoices.push(Invoice { status: "open", amount, payment: None }),
                Credit(amount) => invoices.push(Invoice { status: "credited", amount, payment: None }),
                Pay(cents) => {
                    if let Some(first) = invoices.first_mut() {
                        let paid = first.payment.unwrap_or(0) + cents;
                        first.payment = Some(paid);
                        first.status = if paid >= first.amount { "paid" } else { first.status };
                    }
                }
            }
        }
        invoices
    }
}

#[cfg(test)]
mod tests {
    use super::STORIES;

    fn balance(name: &str, day: u32) -> i64 {
        let story = STORIES.iter().find(|story| story.name == name).expect("a story of that name");
        let owed = |invoice: &super::Invoice| match invoice.status {
            "credited" => -(invoice.amount - invoice.payment.unwrap_or(0)),
            _ => invoice.amount - invoice.payment.unwrap_or(0),
        };
        story.invoices_on(day).iter().map(owed).sum()
    }

    #[test]
    fn balances_are_what_the_names_say() {
        assert_eq!(
            [0, 1, 2].map(|day| balance("moved up by exactly 50 %", day)),
            [100_000, 150_000, 150_000]
        );
        assert_eq!([0, 1, 2].map(|day| balance("moved down by 49.99 %", day)), [80_000, 80_000, 40_008]);
        assert_eq!([0, 1, 2].map(|day| balance("changes its sign", day)), [12_000, -8_000, -8_000]);
        assert_eq!(
            [0, 1, 2].map(|day| balance("below zero and further down", day)),
            [-10_000, -10_000, -15_000]
        );
        assert_eq!([0, 1, 2].map(|day| balance("from zero", day)), [0, 64_000, 64_000]);
        assert_eq!([0, 1, 2].map(|day| balance("to zero", day)), [43_025, 43_025, 0]);
    }
}
