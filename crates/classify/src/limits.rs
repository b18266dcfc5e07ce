//! The size of everything a taxonomy file may hold. A file beyond a limit is refused with its line, so that
//! neither loading nor classifying can be made to take unbounded time or memory.

/// Bytes of the file. Ten thousand rules of ordinary length fit twice.
pub const FILE_BYTES: usize = 4 << 20;
/// Bytes of an id of a reason, an owner or a rule, and of a unit.
pub const ID_BYTES: usize = 100;
/// Bytes of a name, version, label, group or meta value.
pub const LABEL_BYTES: usize = 200;
/// Languages that labels are given in.
pub const LANGUAGES: usize = 20;
/// Areas that own reasons.
pub const OWNERS: usize = 1_000;
/// Reasons. Good practice is 10 to 60; the limit only bounds memory.
pub const REASONS: usize = 1_000;
/// Rules of all reasons together.
pub const RULES: usize = 10_000;
/// Phrases of one rule, and of one exclusion.
pub const PHRASES: usize = 1_000;
/// Bytes of one phrase as written.
pub const PHRASE_BYTES: usize = 200;
/// Words that one rule may ask to be near each other: one bit each in the classifier.
pub const NEAR_WORDS: usize = 8;
/// Successive words of a text within which they may be asked to be. Farther apart is not near.
pub const NEAR_WITHIN: u32 = 100;
/// Bytes of one regular expression as written.
pub const REGEX_BYTES: usize = 1_000;
/// Bytes of one compiled regular expression.
pub const REGEX_COMPILED_BYTES: usize = 1 << 20;
/// Bytes of the lazily built automaton of one regular expression, per thread that runs it. When it is full
/// it is emptied and built anew: this bounds memory, not what is found.
pub const REGEX_CACHE_BYTES: usize = 2 << 20;
/// Weight of all regular expressions together: literals and class ranges, times their repetitions.
pub const REGEX_WEIGHT: u64 = 1_000_000;
/// Values of one list of a condition (source reasons, attribute values).
pub const CONDITION_VALUES: usize = 1_000;
/// Attributes one rule may ask for, and entries of one `meta` table.
pub const KEYS: usize = 50;
/// Topics of one reason.
pub const TOPICS: usize = 100;
/// Bytes of one value of a condition.
pub const VALUE_BYTES: usize = 200;
/// Positive, and negative, examples of one reason.
pub const EXAMPLES: usize = 500;
/// Bytes of one example.
pub const EXAMPLE_BYTES: usize = 4_000;
/// The highest priority number.
pub const PRIORITY: u32 = 1_000_000_000;
/// Bytes of the literal pieces of regular expressions that the one automaton looks for. Expressions beyond
/// it are tried on every text: slower, equally right.
pub const NEEDLE_BYTES: usize = 1 << 20;
/// Bytes of phrases and pieces up to which the automaton is a table of all transitions: about 170 bytes of
/// memory for each, and twice as fast. Beyond it the automaton is compact.
pub const DENSE_NEEDLE_BYTES: usize = 1 << 15;
/// Phrases and pieces found in one text whose places are kept, besides one for each byte. Ordinary texts have
/// one for every ten bytes; of a text beyond it, made of phrases within phrases, only the first places are
/// kept, and regular expressions are run where the places of their words would have told.
pub const NEEDLES_FOUND: usize = 64;
/// Further reasons of a contact that are told. Nobody calls about more than a few things.
pub const FURTHER_REASONS: usize = 4;
/// Mistakes that are told of one file; of more, only how many. Nobody reads a thousand, and each costs the
/// length of its line.
pub const MISTAKES: usize = 1_000;
/// Findings of lint that are told of one file; of more, only how many.
pub const FINDINGS: usize = 1_000;
/// Examples of one reason that lint tries against the rules of every other. More of them cost the number of
/// reasons each and say nothing new.
pub const EXAMPLES_COMPARED: usize = 50;
