//! Which fields of a fact are people's own words: the ones marked `"pii": "redacted"` in the schemas (a
//! test holds the two together). Ids that a source gives (records, cases, orders, products) are left, so
//! that they still join.

use super::redact;
use domain::{Body, Fact, Spoken, Words};
use std::borrow::Cow;

/// Redacts every field that may hold somebody's words.
pub fn redact_fact(fact: &mut Fact) {
    match &mut fact.body {
        Body::ContactRecorded(c) => {
            words(&mut c.words);
            text(&mut c.channel_raw);
            let optional = [&mut c.step, &mut c.queue, &mut c.agent, &mut c.source_reason];
            optional.into_iter().flatten().for_each(text);
            c.source_reasons.iter_mut().for_each(text);
            c.attributes.values_mut().for_each(text);
        }
        Body::SurveyAnswered(s) => words(&mut s.comment),
        Body::SelfServiceEnded(s) => {
            text(&mut s.path);
            [&mut s.step, &mut s.error_code].into_iter().flatten().for_each(text);
        }
        Body::UpstreamEvent(u) => u.subject.iter_mut().for_each(text),
        Body::NotificationSent(n) => text(&mut n.topic),
        Body::VerdictOverridden(v) => [&mut v.by, &mut v.why].into_iter().for_each(text),
        Body::TaxonomyPublished(t) => t.by.iter_mut().for_each(text),
        Body::EpochServed(e) => [&mut e.by, &mut e.why].into_iter().flatten().for_each(text),
        Body::AnomalyAdvanced(a) => text(&mut a.note),
        Body::ActionOpened(a) => text(&mut a.title),
        Body::ContactResolved(_)
        | Body::ContactReopened(_)
        | Body::EvaluationRecorded(_)
        | Body::OrderPlaced(_)
        | Body::UnitsCounted(_)
        | Body::PromiseMade(_)
        | Body::PromiseSettled(_)
        | Body::RecoveryOffered(_)
        | Body::CustomerMerged(_)
        | Body::TextErased(_)
        | Body::CostRatePublished(_)
        | Body::CycleDefined(_)
        | Body::ActionShipped(_)
        | Body::ActionClosed(_)
        | Body::CutTaken(_)
        | Body::WeekClosed(_) => {}
    }
}

fn words(words: &mut Words) {
    if let Words::Open(spoken) = words {
        redact_spoken(spoken);
    }
}

fn redact_spoken(spoken: &mut Spoken) {
    [&mut spoken.subject, &mut spoken.text].into_iter().flatten().for_each(text);
    spoken.turns.iter_mut().for_each(|turn| text(&mut turn.text));
}

fn text(text: &mut String) {
    if let Cow::Owned(redacted) = redact(text) {
        *text = redacted;
    }
}
