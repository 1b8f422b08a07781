//! The protocol of delivery as a model, every interleaving of it: three senders and one message, each step of
//! theirs one statement of theirs or one exchange with the mail server, each dying anywhere.

use std::collections::{BTreeSet, VecDeque};

const SENDERS: usize = 3;
/// Senders that may die, each at any step, and come back.
const DEATHS: u8 = 3;
/// Answers that may get lost after the mail was kept.
const LOSSES: u8 = 2;

/// The message's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Ready,
    Sending,
    Sent,
}

/// Where a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Idle,
    /// It saw a message that is being sent, and has not yet tried its lock.
    Saw,
    /// It has the lock of a message that nobody sends, and has not yet given it back.
    Rescuing,
    /// The claim is committed; nothing went out.
    Claimed,
    /// The server kept the mail and said so.
    Answered,
    /// The server may have kept it; no answer came.
    Unanswered,
    /// The fate is written down, the lock is held.
    Marked,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    row: Row,
    lock: Option<usize>,
    senders: [Sender; SENDERS],
    /// Attempts that are written down as begun.
    open_attempts: u8,
    /// Copies that the server keeps.
    copies: u8,
    /// Attempts whose fate nobody knows.
    unknown: u8,
    deaths: u8,
    losses: u8,
}

impl World {
    fn new() -> Self {
        Self {
            row: Row::Ready,
            lock: None,
            senders: [Sender::Idle; SENDERS],
            open_attempts: 0,
            copies: 0,
            unknown: 0,
            deaths: 0,
            losses: 0,
        }
    }

    /// Every world that one step of one sender leads to.
    fn next(&self) -> Vec<Self> {
        (0..SENDERS).flat_map(|sender| self.steps(sender)).collect()
    }

    fn steps(&self, sender: usize) -> Vec<Self> {
        let mut next = Vec::new();
        let mut step = |to: Sender, change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            world.senders[sender] = to;
            change(&mut world);
            next.push(world);
        };
        match self.senders[sender] {
            Sender::Idle => {
                // One statement: the row, the attempt and the lock; or nothing of it.
                if self.row == Row::Ready && self.lock.is_none() {
                    step(Sender::Claimed, &|world| {
                        world.row = Row::Sending;
                        world.lock = Some(sender);
                        world.open_attempts += 1;
                    });
                }
                if self.row == Row::Sending {
                    step(Sender::Saw, &|_| {});
                }
            }
            Sender::Saw => match self.lock {
                None => step(Sender::Rescuing, &|world| world.lock = Some(sender)),
                Some(_) => step(Sender::Idle, &|_| {}),
            },
            Sender::Rescuing => step(Sender::Marked, &|world| {
                if world.row == Row::Sending {
                    world.row = Row::Ready;
                    world.unknown += world.open_attempts;
                    world.open_attempts = 0;
                }
            }),
            Sender::Claimed => {
                step(Sender::Answered, &|world| world.copies += 1);
                if self.losses < LOSSES {
                    step(Sender::Unanswered, &|world| world.losses += 1);
                    step(Sender::Unanswered, &|world| {
                        world.losses += 1;
                        world.copies += 1;
                    });
                }
            }
            Sender::Answered => step(Sender::Marked, &|world| {
                if world.row == Row::Sending {
                    world.row = Row::Sent;
                }
                world.open_attempts -= 1;
            }),
            Sender::Unanswered => step(Sender::Marked, &|world| {
                if world.row == Row::Sending {
                    world.row = Row::Ready;
                }
                world.open_attempts -= 1;
                world.unknown += 1;
            }),
            Sender::Marked => step(Sender::Idle, &|world| world.lock = None),
        }
        if self.deaths < DEATHS && self.senders[sender] != Sender::Idle {
            // The lock is the session's and dies with it; what was committed stays.
            step(Sender::Idle, &|world| {
                world.deaths += 1;
                if world.lock == Some(sender) {
                    world.lock = None;
                }
            });
        }
        next
    }

    /// What must be true at every moment.
    fn check(&self) {
        let owns = |one: &&Sender| matches!(one, Sender::Claimed | Sender::Answered | Sender::Unanswered);
        assert!(self.senders.iter().filter(owns).count() <= 1, "two send the same message: {self:?}");
        assert!(self.open_attempts <= 1, "two attempts at once: {self:?}");
        assert!(self.row != Row::Sent || self.copies > 0, "marked as sent and nothing arrived: {self:?}");
        assert!(self.copies <= 1 + self.unknown + self.open_attempts, "a copy without a reason: {self:?}");
    }
}

#[test]
fn no_interleaving_loses_a_message_or_sends_it_by_two() {
    let mut seen = BTreeSet::from([World::new()]);
    let mut queue = VecDeque::from([World::new()]);
    let mut ends = 0;
    while let Some(world) = queue.pop_front() {
        world.check();
        let next = world.next();
        // Nobody can do anything any more: then the message is sent.
        if next.is_empty() {
            assert_eq!(world.row, Row::Sent, "stuck: {world:?}");
            ends += 1;
        }
        for one in next {
            if seen.insert(one.clone()) {
                queue.push_back(one);
            }
        }
    }
    assert!(seen.len() > 1_000 && ends > 5, "{} worlds, {ends} ends", seen.len());
}
