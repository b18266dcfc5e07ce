//! How the services end, as a state machine. Pure: what happened comes in as an event, what is to be done goes out.
//!
//! In this order, each step when the one before it is done: nothing new is taken, the requests under way are
//! answered, what they hold is made durable, and all of it is folded, published and saved.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody asked for the end.
    Signal,
    /// Every connection has ended.
    Answered,
    /// Everything taken is durable.
    Kept,
    /// The last round of folding and publishing is over; whether it did what it should.
    Folded {
        /// It did.
        done: bool,
    },
    /// The time for the end is over.
    Overdue,
    /// Something is broken that only a new start can mend.
    Broken,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Take no more connections, answer those that are there; the time for the end begins.
    StopTaking,
    /// No more events come to be kept.
    StopKeeping,
    /// One more round of folding and publishing.
    FoldLast,
    /// The process ends.
    End(Ending),
}

/// How the process ends. What was acknowledged is durable in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything is done.
    Drained,
    /// The last round failed.
    FoldFailed,
    /// Something took longer than the time for it.
    Late(Phase),
    /// A second signal.
    Interrupted,
    /// Something is broken that only a new start can mend.
    Broken,
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Requests.
    #[default]
    Serving,
    /// The end of the requests under way.
    Answering,
    /// What they hold to be durable.
    Keeping,
    /// The last round.
    Folding,
}

impl Phase {
    /// What is happening, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Answering => "answering the requests under way",
            Self::Keeping => "making events durable",
            Self::Folding => "folding and publishing",
        }
    }
}

/// Where the process stands on its way to the end; at first nobody has asked for it.
#[derive(Debug, Default)]
pub struct Shutdown {
    phase: Phase,
}

impl Shutdown {
    /// Takes an event; what is to be done.
    pub fn apply(&mut self, event: Event) -> Act {
        let (phase, act) = match (self.phase, event) {
            (_, Event::Broken) => (self.phase, Act::End(Ending::Broken)),
            (Phase::Serving, Event::Signal) => (Phase::Answering, Act::StopTaking),
            (_, Event::Signal) => (self.phase, Act::End(Ending::Interrupted)),
            (Phase::Answering, Event::Answered) => (Phase::Keeping, Act::StopKeeping),
            (Phase::Keeping, Event::Kept) => (Phase::Folding, Act::FoldLast),
            (Phase::Folding, Event::Folded { done: true }) => (self.phase, Act::End(Ending::Drained)),
            (Phase::Folding, Event::Folded { done: false }) => (self.phase, Act::End(Ending::FoldFailed)),
            (late, Event::Overdue) => (late, Act::End(Ending::Late(late))),
            // A part that ends before it was asked to has met a bug or a broken disk, and said so.
            (_, Event::Answered | Event::Kept | Event::Folded { .. }) => {
                (self.phase, Act::End(Ending::Broken))
            }
        };
        self.phase = phase;
        act
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(events: &[Event]) -> Vec<Act> {
        let mut shutdown = Shutdown::default();
        events.iter().map(|event| shutdown.apply(*event)).collect()
    }

    #[test]
    fn each_step_begins_when_the_one_before_is_done() {
        use Event::{Answered, Folded, Kept, Signal};
        let steps = [Act::StopTaking, Act::StopKeeping, Act::FoldLast];
        for (done, ending) in [(true, Ending::Drained), (false, Ending::FoldFailed)] {
            let all = acts(&[Signal, Answered, Kept, Folded { done }]);
            assert_eq!(all, [steps.as_slice(), &[Act::End(ending)]].concat());
        }
    }

    #[test]
    fn a_second_signal_a_deadline_and_a_broken_disk_end_it_wherever_it_is() {
        use Event::{Answered, Broken, Kept, Overdue, Signal};
        let until = [Signal, Answered, Kept];
        let phases = [Phase::Answering, Phase::Keeping, Phase::Folding];
        for (so_far, phase) in (1..=3).map(|n| &until[..n]).zip(phases) {
            let ends = |last| acts(&[so_far, &[last]].concat()).pop();
            assert_eq!(ends(Signal), Some(Act::End(Ending::Interrupted)));
            assert_eq!(ends(Overdue), Some(Act::End(Ending::Late(phase))));
            assert_eq!(ends(Broken), Some(Act::End(Ending::Broken)));
        }
        assert_eq!(acts(&[Broken]), [Act::End(Ending::Broken)]);
        assert_eq!(acts(&[Kept]), [Act::End(Ending::Broken)]);
    }
}
