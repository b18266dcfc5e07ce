//! Regular expressions over folded text. `.` and classes stand for whole characters; `\b`, `\d`, `\s` and
//! `\w` know ASCII only, which folded Latin text allows and which keeps the automata small and fast. What
//! could never be found, or is found in every text, is a mistake. Matching takes linear time in the text.

use crate::chain::{self, Chain};
use crate::fold::Folding;
use crate::{limits, needles};
use regex_syntax::ast::{self, Ast, ClassPerlKind, ClassSetItem, Span, Visitor};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::ops::Range;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: regex::bytes::Regex,
    /// The same as a chain, if it is one.
    pub(crate) chain: Option<Chain>,
    /// One of these is part of every match; `None` = nothing is known.
    pub(crate) needles: Option<Vec<Vec<u8>>>,
    /// Size before compilation: literals and class ranges, times their repetitions.
    pub(crate) weight: u64,
}

/// What is wrong with a regular expression, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadPattern {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

impl Pattern {
    /// The expression as the file has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Compiles it, if it weighs no more than what is left for it.
    pub(crate) fn compile(source: &str, folding: Folding, weight_left: u64) -> Result<Self, Vec<BadPattern>> {
        let one = |message: String| vec![BadPattern { at: 0..source.len(), message }];
        let ast = ast::parse::Parser::new()
            .parse(source)
            .map_err(|e| vec![BadPattern { at: bytes(e.span()), message: e.kind().to_string() }])?;
        let ascii = ascii_classes(source, folding, &ast)?;
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .build()
            .parse(&ascii)
            .map_err(|e| one(hir_message(&e)))?;
        match hir.properties().minimum_len() {
            Some(0) => return Err(one("is found in every text, expected at least one character".into())),
            None => return Err(one("can never be found".into())),
            Some(_) => {}
        }
        let weight = weight(&hir);
        if weight > weight_left {
            let message = format!("weighs {weight}, expected at most {weight_left}: what others have left");
            return Err(one(message));
        }
        let regex = regex::bytes::RegexBuilder::new(&ascii)
            .size_limit(limits::REGEX_COMPILED_BYTES)
            .dfa_size_limit(limits::REGEX_CACHE_BYTES)
            .build()
            .map_err(|_| {
                let most = limits::REGEX_COMPILED_BYTES;
                one(format!("too large when compiled, expected at most {most} bytes: repeat less"))
            })?;
        let source = source.to_owned();
        Ok(Self { source, regex, chain: chain::of(&hir), needles: needles::of(&hir), weight })
    }

    /// The first place in the folded text.
    pub(crate) fn find(&self, folded: &[u8]) -> Option<Range<usize>> {
        self.regex.find(folded).map(|found| found.range())
    }
}

fn hir_message(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(e) => e.kind().to_string(),
        regex_syntax::Error::Translate(e) => e.kind().to_string(),
        other => other.to_string(),
    }
}

/// The expression with Perl classes and word boundaries replaced by their ASCII forms.
fn ascii_classes(source: &str, folding: Folding, ast: &Ast) -> Result<String, Vec<BadPattern>> {
    let review = Review { folding, changes: Vec::new(), bad: Vec::new() };
    let Review { mut changes, bad, .. } = match ast::visit(ast, review) {
        Ok(review) => review,
        Err(never) => match never {},
    };
    if !bad.is_empty() {
        return Err(bad);
    }
    changes.sort_by_key(|(at, _)| at.start);
    let mut out = String::with_capacity(source.len() * 2);
    let mut done = 0;
    for (at, form) in changes {
        out.push_str(&source[done..at.start]);
        match form {
            Ascii::Class(class) => out.push_str(class),
            Ascii::Boundary => out.extend(["(?-u:", &source[at.clone()], ")"]),
        }
        done = at.end;
    }
    out.push_str(&source[done..]);
    Ok(out)
}

/// The ASCII form of something.
enum Ascii {
    /// This class in its place.
    Class(&'static str),
    /// The same assertion, looking at ASCII.
    Boundary,
}

/// Looks at every part of an expression once.
struct Review {
    folding: Folding,
    changes: Vec<(Range<usize>, Ascii)>,
    bad: Vec<BadPattern>,
}

impl Review {
    fn refuse(&mut self, span: &Span, message: String) {
        self.bad.push(BadPattern { at: bytes(span), message });
    }

    fn literal(&mut self, literal: &ast::Literal) {
        if self.folding == Folding::Loose && literal.c.is_whitespace() && literal.c != ' ' {
            let message =
                "white space of this kind is never in folded text, expected ` ` or folding = \"plain\"";
            self.refuse(&literal.span, message.into());
        } else if !self.folding.keeps(literal.c) {
            let folded = self.folding.fold(literal.c.encode_utf8(&mut [0; 4]));
            let found = literal.c;
            self.refuse(&literal.span, format!("`{found}` is never in folded text, expected `{folded}`"));
        }
    }

    fn perl(&mut self, class: &ast::ClassPerl) {
        let form = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Space, false) => r"[\t\n\x0B\x0C\r\x20]",
            (ClassPerlKind::Space, true) => r"[^\t\n\x0B\x0C\r\x20]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
        };
        self.changes.push((bytes(&class.span), Ascii::Class(form)));
    }

    fn assertion(&mut self, assertion: &ast::Assertion) {
        use ast::AssertionKind::{EndLine, EndText, StartLine, StartText};
        if !matches!(assertion.kind, StartLine | EndLine | StartText | EndText) {
            self.changes.push((bytes(&assertion.span), Ascii::Boundary));
        }
    }

    fn flags(&mut self, flags: &ast::Flags) {
        if flags.flag_state(ast::Flag::Unicode).is_some() {
            self.refuse(&flags.span, "flag `u` cannot be set: expressions see whole characters".into());
        }
    }

    /// Property tables are compiled in or not, depending on who else uses them in the build: an expression
    /// must not mean one thing here and another there.
    fn property(&mut self, class: &ast::ClassUnicode) {
        self.refuse(&class.span, "Unicode properties are not known, expected a class such as [a-z]".into());
    }
}

impl Visitor for Review {
    type Output = Self;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self, Self::Err> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Literal(literal) => self.literal(literal),
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassUnicode(class) => self.property(class),
            Ast::Assertion(assertion) => self.assertion(assertion),
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Group(group) => {
                if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => {
                self.literal(&range.start);
                self.literal(&range.end);
            }
            ClassSetItem::Perl(class) => self.perl(class),
            ClassSetItem::Unicode(class) => self.property(class),
            _ => {}
        }
        Ok(())
    }
}

/// Size of what an expression is compiled to, up to a constant.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => {
            subs.iter().map(weight).fold(0, u64::saturating_add)
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            weight(&repetition.sub).saturating_mul(u64::from(times.max(1)))
        }
    }
}

fn bytes(span: &Span) -> Range<usize> {
    span.start.offset..span.end.offset
}
