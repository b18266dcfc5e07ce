//! The closed enumerations. Each one has a `wire` word, which is its Avro symbol, its word in the tables
//! and in mapping files; the list `ALL` keeps the order in which symbols were added, because symbols are
//! only ever appended.

/// Declares a closed enum whose variants carry one wire word each.
macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value, in the order in which the symbols were added.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Every wire word, in the same order as [`Self::ALL`].
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The word used on the wire, in tables and in mapping files.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value with this wire word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// Place in [`Self::ALL`]: the Avro index, and the code in snapshots.
            pub const fn index(self) -> usize { self as usize }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }
    };
}

closed!(
    /// Canonical channel of a contact. The source's own word is kept beside it.
    Channel {
        /// Not known.
        Unknown = "unknown",
        /// Voice call.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// Live chat.
        Chat = "chat",
        /// Form on a site.
        WebForm = "web_form",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Text message.
        Sms = "sms",
        /// Social network, public or private.
        Social = "social",
        /// Counter, branch, shop.
        InPerson = "in_person",
        /// Public review.
        Review = "review",
        /// Complaint through an authority.
        Regulator = "regulator",
        /// Letter.
        Post = "post",
        /// Video call.
        Video = "video",
        /// Inside the company's app.
        App = "app",
        /// Bot without a person.
        Bot = "bot",
    }
);

impl Channel {
    /// Messages of a conversation arrive one by one on this channel, so the sitting rule applies.
    pub const fn is_asynchronous(self) -> bool {
        matches!(self, Self::Email | Self::Chat | Self::Whatsapp | Self::Sms | Self::Social | Self::App)
    }
}

closed!(
    /// Who started the touch. Only customer-initiated (inbound) ones are contacts.
    Direction {
        /// Not known; counted as inbound, because sources that do not say record what customers send.
        Unknown = "unknown",
        /// The customer came to us.
        Inbound = "inbound",
        /// We went to the customer. Never counted.
        Outbound = "outbound",
        /// Between employees. Never counted.
        Internal = "internal",
    }
);

closed!(
    /// What one source record is. The engine makes contacts from records.
    RecordKind {
        /// A whole contact.
        Contact = "contact",
        /// One message of a conversation; the sitting rule groups messages into contacts.
        Message = "message",
        /// A part of a contact after a transfer; folded into the contact of its root record.
        Leg = "leg",
    }
);

closed!(
    /// How far a join on `customer_key` can be trusted, weakest first.
    Strength {
        /// Nobody known.
        None = "none",
        /// A display name only.
        Name = "name",
        /// A device or cookie.
        Device = "device",
        /// A phone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// A customer or account number of the source.
        Account = "account",
        /// Identity verified by the company.
        Verified = "verified",
    }
);

impl Strength {
    /// Chains need an identity at least this strong (DESIGN §2, chain).
    pub const LINKS: Self = Self::Phone;

    /// Whether contacts of this identity may be linked into chains.
    pub fn links(self) -> bool {
        self >= Self::LINKS
    }
}

closed!(
    /// Whether the customer is outside or inside the company.
    CustomerKind {
        /// Not known; treated as external.
        Unknown = "unknown",
        /// Outside the company.
        External = "external",
        /// A colleague. Kept apart from the figures.
        Internal = "internal",
    }
);

closed!(
    /// State of the source's record at this revision.
    SourceState {
        /// Not known.
        Unknown = "unknown",
        /// Being worked on.
        Open = "open",
        /// Waiting for somebody.
        Pending = "pending",
        /// Solved.
        Solved = "solved",
        /// Closed.
        Closed = "closed",
        /// Spam: kept, not counted.
        Spam = "spam",
        /// Deleted at the source: kept, not counted.
        Deleted = "deleted",
        /// Merged into another record: kept, not counted.
        Merged = "merged",
    }
);

impl SourceState {
    /// Spam, deleted and merged records are kept in the log and never counted as contacts.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Spam | Self::Deleted | Self::Merged)
    }
}

closed!(
    /// How exact `occurred_at` is.
    Precision {
        /// Not known.
        Unknown = "unknown",
        /// To the microsecond.
        Microsecond = "microsecond",
        /// To the millisecond.
        Millisecond = "millisecond",
        /// To the second.
        Second = "second",
        /// To the minute.
        Minute = "minute",
        /// To the day: the source gives a date only.
        Day = "day",
    }
);

closed!(
    /// Where a handle time comes from.
    HandleBasis {
        /// No handle time.
        Unknown = "unknown",
        /// Measured by the source.
        Measured = "measured",
        /// Summed from measured parts.
        Derived = "derived",
    }
);

closed!(
    /// Who speaks in a turn of a transcript.
    Speaker {
        /// Not known.
        Unknown = "unknown",
        /// The customer.
        Customer = "customer",
        /// A person of the company.
        Agent = "agent",
        /// A bot.
        Bot = "bot",
        /// A voice menu.
        Ivr = "ivr",
        /// Somebody else.
        Other = "other",
    }
);

closed!(
    /// Why a contact was avoidable (DESIGN §2, mechanism).
    Mechanism {
        /// Asks how an open case or order stands.
        StatusChase = "status_chase",
        /// Asks what should be findable.
        PublicInfo = "public_info",
        /// The same issue again: member of a chain after its root.
        Repeat = "repeat",
        /// Asks how to use site or app.
        SiteHowto = "site_howto",
        /// Site or app stopped the customer at a step.
        SiteBlocked = "site_blocked",
        /// The company's own error had to be corrected.
        CompanyError = "company_error",
        /// The same datum was asked for twice.
        ReaskedData = "reasked_data",
        /// The company knew before and did not say.
        PreventableByNotice = "preventable_by_notice",
        /// Came to the wrong place first.
        WrongRoute = "wrong_route",
        /// A promise was past due.
        BrokenPromise = "broken_promise",
        /// Self-service on the same topic failed before.
        SelfServiceFailed = "self_service_failed",
        /// A rule of the company forces the contact.
        PolicyMade = "policy_made",
    }
);

closed!(
    /// A datum that a company asks its customers for.
    Datum {
        /// Number of an identity document or a tax number.
        Identity = "identity",
        /// Number of an order, parcel, booking, invoice or case.
        Order = "order",
        /// Number of a customer, account, contract or member.
        Account = "account",
        /// Phone number.
        Phone = "phone",
        /// E-mail address.
        Email = "email",
        /// Name.
        Name = "name",
        /// Postal address or postcode.
        Address = "address",
        /// Date of birth.
        BirthDate = "birth_date",
        /// Number of a bank card or bank account.
        Card = "card",
    }
);

closed!(
    /// Which of the means decided the reason.
    ReasonBasis {
        /// Nothing matched.
        Unclassified = "unclassified",
        /// A rule of the taxonomy.
        Rule = "rule",
        /// The trained model.
        Model = "model",
        /// The source's own reason, by the taxonomy's map.
        Source = "source",
        /// A person's override.
        Override = "override",
        /// Carried forward after the text was erased.
        Erased = "erased",
    }
);

closed!(
    /// How another epoch came to be served.
    ServedBy {
        /// Other rules came into force: a taxonomy was published, or the configuration changed.
        Rules = "rules",
        /// A person promoted it.
        Promotion = "promotion",
        /// A person went back to the one before.
        Rollback = "rollback",
    }
);

closed!(
    /// What the value–irritant votes say to do with a reason (Price & Jaffe; field.md §B2).
    Disposition {
        /// Irritant to both sides.
        Eliminate = "eliminate",
        /// Of value to the customer, an irritant to the company.
        Automate = "automate",
        /// Of value to the company, an irritant to the customer.
        Simplify = "simplify",
        /// Of value to both: protect it.
        Leverage = "leverage",
    }
);

closed!(
    /// How a self-service session ended.
    SelfServiceOutcome {
        /// Not known.
        Unknown = "unknown",
        /// The customer got what they came for.
        Completed = "completed",
        /// Left at a step.
        Abandoned = "abandoned",
        /// An error of site, app, bot or menu.
        Failed = "failed",
        /// Handed to a person.
        HandedOver = "handed_over",
    }
);

closed!(
    /// Events upstream that cause or explain contacts.
    UpstreamKind {
        /// Something else.
        Other = "other",
        /// A shipment is late.
        ShipmentDelayed = "shipment_delayed",
        /// A shipment left.
        Shipped = "shipped",
        /// Delivered.
        Delivered = "delivered",
        /// A delivery attempt failed.
        DeliveryFailed = "delivery_failed",
        /// Sent again because the first was wrong or lost.
        Redelivered = "redelivered",
        /// Money given back.
        RefundIssued = "refund_issued",
        /// An account or bill corrected.
        CorrectionMade = "correction_made",
        /// A product defect confirmed.
        DefectConfirmed = "defect_confirmed",
        /// An order cancelled.
        OrderCancelled = "order_cancelled",
        /// A service went down.
        OutageStarted = "outage_started",
        /// A service came back.
        OutageEnded = "outage_ended",
        /// A holiday or changed opening hours.
        CalendarDay = "calendar_day",
        /// A campaign, discount day or price change.
        Campaign = "campaign",
        /// A release of site, app or policy.
        Released = "released",
        /// An invoice or letter sent.
        DocumentSent = "document_sent",
    }
);

impl UpstreamKind {
    /// The company put its own error right: evidence of `company_error`.
    pub const fn corrects_error(self) -> bool {
        matches!(self, Self::Redelivered | Self::RefundIssued | Self::CorrectionMade | Self::DefectConfirmed)
    }

    /// After this the order is no longer open.
    pub const fn closes_order(self) -> bool {
        matches!(self, Self::Delivered | Self::OrderCancelled)
    }
}

closed!(
    /// How a case was resolved.
    Resolution {
        /// Not known.
        Unknown = "unknown",
        /// Solved.
        Solved = "solved",
        /// A way around.
        Workaround = "workaround",
        /// Refused.
        Refused = "refused",
        /// Closed by the system.
        AutoClosed = "auto_closed",
        /// In spite of all, nothing could be done.
        NotSolved = "not_solved",
    }
);

closed!(
    /// What a promise is about.
    PromiseKind {
        /// Something else.
        Other = "other",
        /// To call back.
        CallBack = "call_back",
        /// To fix.
        Fix = "fix",
        /// To give money back.
        Refund = "refund",
        /// To send.
        Ship = "ship",
        /// To inform.
        Inform = "inform",
    }
);

closed!(
    /// What was offered to make good a failure.
    RecoveryOption {
        /// Something else.
        Other = "other",
        /// Excuses only.
        Apology = "apology",
        /// The service again, free or cheaper.
        Reoffer = "reoffer",
        /// A written guarantee.
        Guarantee = "guarantee",
        /// Money back.
        Refund = "refund",
        /// A credit.
        Credit = "credit",
    }
);

closed!(
    /// The instrument of a survey.
    Instrument {
        /// Something else.
        Other = "other",
        /// Satisfaction.
        Csat = "csat",
        /// Recommendation.
        Nps = "nps",
        /// Effort.
        Ces = "ces",
        /// SERVQUAL dimensions.
        Servqual = "servqual",
    }
);

closed!(
    /// State of an anomaly (S-16).
    AnomalyState {
        /// Seen.
        Detected = "detected",
        /// Its implications written down.
        Documented = "documented",
        /// Its cause found.
        CauseInvestigated = "cause_investigated",
        /// A measure put in place.
        MeasureImplemented = "measure_implemented",
        /// The measure worked.
        VerifiedAchieved = "verified_achieved",
        /// The measure did not work.
        VerifiedNotAchieved = "verified_not_achieved",
        /// Open again.
        Reopened = "reopened",
    }
);

closed!(
    /// How an action ended.
    ActionOutcome {
        /// Done, result to be verified by figures.
        Done = "done",
        /// Given up.
        Dropped = "dropped",
        /// Superseded by another action.
        Superseded = "superseded",
    }
);
