//! The company's customers: who they are in its systems, and which language they write in.

use super::dice::Dice;
use std::collections::BTreeSet;

/// Customers with whom everyday contacts are drawn.
const POOL: u32 = 90_000;

/// Of a thousand customers, those who write in Spanish; the others write in English.
pub(super) const SPANISH_PERMILLE: u32 = 700;

/// What identifies a customer, with how many of a thousand are known by it.
const KINDS: [(Kind, u32); 3] = [(Kind::Account, 720), (Kind::Email, 150), (Kind::Phone, 130)];

/// What identifies a customer. Each is known by one thing only, until two turn out to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An account number.
    Account,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

impl Kind {
    /// Its name in the source files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// A customer's number among all.
pub(super) type Customer = u32;

/// All customers.
pub(super) struct Customers {
    all: Vec<(Kind, bool)>,
    /// Who has contacted about which reason: nobody begins the same issue twice, so that every chain is one
    /// that the generator knows of.
    asked: BTreeSet<(Customer, usize)>,
}

impl Customers {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "customers");
        let weights = KINDS.map(|(_, permille)| permille);
        let all =
            (0..POOL).map(|_| (KINDS[dice.weighted(&weights)].0, dice.permille(SPANISH_PERMILLE))).collect();
        Self { all, asked: BTreeSet::new() }
    }

    /// A customer who has not contacted about this reason yet.
    pub fn draw(&mut self, reason: usize, dice: &mut Dice) -> Customer {
        loop {
            let customer = dice.below(POOL);
            if self.asked.insert((customer, reason)) {
                return customer;
            }
        }
    }

    /// A customer beside the pool, whom no everyday contact is drawn for.
    pub fn reserve(&mut self, kind: Kind, spanish: bool) -> Customer {
        self.all.push((kind, spanish));
        u32::try_from(self.all.len()).expect("few customers") - 1
    }

    pub fn kind(&self, customer: Customer) -> Kind {
        self.all[customer as usize].0
    }

    pub fn writes_spanish(&self, customer: Customer) -> bool {
        self.all[customer as usize].1
    }

    /// What identifies the customer, as every source file writes it. Names and numbers are nobody's: the
    /// domains are reserved for examples, and no number of Spain begins with 0.
    pub fn identifier(&self, customer: Customer) -> String {
        match self.all[customer as usize] {
            (Kind::Account, _) => format!("CL-{:06}", 100_000 + customer),
            (Kind::Email, true) => format!("cliente{customer}@example.com"),
            (Kind::Email, false) => format!("customer{customer}@example.org"),
            (Kind::Phone, _) => format!("+34000{customer:06}"),
        }
    }
}
