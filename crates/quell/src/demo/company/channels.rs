//! The six channels of the company, and how a contact is handled on each.

use super::dice::Dice;

/// One channel of the company.
pub(super) struct Channel {
    /// The company's own word for it.
    pub source: &'static str,
    /// What it is to us.
    pub word: &'static str,
    /// How many of a thousand contacts come by it.
    permille: u32,
    /// Typical seconds of handling.
    handle_seconds: u32,
    /// Typical seconds until somebody answers.
    wait_seconds: u32,
    /// Of a thousand contacts, those that the customer gives up before an answer.
    abandoned_permille: u32,
    /// Of a thousand contacts, those that are handed on.
    transferred_permille: u32,
    /// Of a thousand contacts, those from somebody whom the company cannot name.
    pub anonymous_permille: u32,
    /// Of a thousand contacts, those that get a ticket.
    pub ticket_permille: u32,
}

#[rustfmt::skip] // a table: one line a channel
pub(super) const CHANNELS: [Channel; 6] = [
    Channel { source: "telefono", word: "phone", permille: 380, handle_seconds: 340, wait_seconds: 95, abandoned_permille: 55, transferred_permille: 90, anonymous_permille: 30, ticket_permille: 250 },
    Channel { source: "correo", word: "email", permille: 220, handle_seconds: 420, wait_seconds: 14_400, abandoned_permille: 0, transferred_permille: 40, anonymous_permille: 0, ticket_permille: 900 },
    Channel { source: "chat", word: "chat", permille: 180, handle_seconds: 510, wait_seconds: 50, abandoned_permille: 40, transferred_permille: 60, anonymous_permille: 20, ticket_permille: 300 },
    Channel { source: "whatsapp", word: "whatsapp", permille: 90, handle_seconds: 380, wait_seconds: 900, abandoned_permille: 0, transferred_permille: 30, anonymous_permille: 0, ticket_permille: 400 },
    Channel { source: "formulario", word: "web_form", permille: 90, handle_seconds: 300, wait_seconds: 18_000, abandoned_permille: 0, transferred_permille: 30, anonymous_permille: 80, ticket_permille: 950 },
    Channel { source: "redes", word: "social", permille: 40, handle_seconds: 260, wait_seconds: 5_400, abandoned_permille: 0, transferred_permille: 20, anonymous_permille: 250, ticket_permille: 200 },
];

/// Place of the phone in [`CHANNELS`].
pub(super) const PHONE: usize = 0;
/// Place of e-mail in [`CHANNELS`].
pub(super) const EMAIL: usize = 1;
/// Place of the form on the site in [`CHANNELS`].
pub(super) const WEB_FORM: usize = 4;

/// People who answer; the files name them by pseudonyms.
const AGENTS: u32 = 180;

/// How one contact was handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Handling {
    pub wait_seconds: u32,
    /// Not known for those who gave up, and for some others.
    pub handle_seconds: Option<u32>,
    pub abandoned: bool,
    pub transfers: u32,
    /// Pseudonym's number; nobody answered those who gave up.
    pub agent: Option<u32>,
    pub resolved: bool,
}

/// A channel by its share.
pub(super) fn channel(dice: &mut Dice) -> usize {
    dice.weighted(&CHANNELS.map(|channel| channel.permille))
}

impl Channel {
    /// Whether a customer gives up before an answer.
    pub fn is_given_up(&self, dice: &mut Dice) -> bool {
        dice.permille(self.abandoned_permille)
    }

    /// How a contact was handled that takes so many percent of the channel's typical time.
    pub fn handle(&self, percent: u32, dice: &mut Dice) -> Handling {
        let measured = dice.permille(980);
        Handling {
            wait_seconds: dice.around(self.wait_seconds),
            handle_seconds: measured.then(|| dice.around(self.handle_seconds * percent / 100)),
            abandoned: false,
            transfers: u32::from(dice.permille(self.transferred_permille)) * dice.between(1, 2),
            agent: Some(dice.between(1, AGENTS)),
            resolved: dice.permille(820),
        }
    }

    /// How a contact went that the customer gave up.
    pub fn give_up(&self, dice: &mut Dice) -> Handling {
        Handling { wait_seconds: dice.around(self.wait_seconds * 2), abandoned: true, ..Handling::default() }
    }
}
