//! The byte form of assemble's state. Restoring gives a state that behaves like the one that was saved.

use super::build::{Heard, Part, case_of};
use super::group::{Group, GroupId};
use super::{Assemble, Erased};
use crate::asserted::{CaseChange, CustomerFact, Override};
use crate::bytes::{Damaged, Reader, Writer};
use crate::ruleset::Ruleset;
use domain::closed::*;
use domain::contact::Provenance;
use domain::fact::ContactRecorded;
use domain::{CaseId, ContactId, CustomerKey, FactId, Offset, Origin, Partition, Words};
use std::sync::Arc;

impl Assemble {
    /// The state as bytes. Call it between batches.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|(id, _)| **id);
        w.list(entries.into_iter(), |w, (id, entry)| {
            w.raw(id.as_bytes());
            w.list(entry.versions.as_slice().iter(), |w, (revision, fact)| {
                w.i64(*revision);
                w.raw(fact.as_bytes());
            });
            w.option(entry.group, group_id);
            w.option(entry.base.as_deref(), |w, base| base.write(w));
        });
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_unstable_by_key(|(id, _)| **id);
        w.list(groups.into_iter(), |w, (id, group)| {
            group_id(w, *id);
            w.list(group.parts.values(), |w, part| write_part(w, part));
            w.list(group.made.iter(), |w, (contact, facts)| {
                w.raw(contact.as_bytes());
                w.list(facts.iter(), |w, f| w.raw(f.as_bytes()));
            });
        });
        let mut others: Vec<_> = self.others.iter().collect();
        others.sort_unstable();
        w.list(others.into_iter(), |w, id| w.raw(id.as_bytes()));
        w.list(self.happened.iter(), |w, (customer, facts)| {
            w.raw(customer.as_bytes());
            w.list(facts.iter(), |w, f| f.write(w));
        });
        self.write_said(&mut w);
        w.into_bytes()
    }

    fn write_said(&self, w: &mut Writer) {
        let mut overrides: Vec<_> = self.overrides.iter().collect();
        overrides.sort_unstable_by_key(|(id, _)| **id);
        w.list(overrides.into_iter(), |w, (contact, said)| {
            w.raw(contact.as_bytes());
            w.instant(said.at);
            w.raw(said.fact.as_bytes());
            w.option(said.reason.as_ref(), |w, r| w.str(r.as_str()));
            w.option(said.dumb, Writer::bool);
        });
        let mut erased: Vec<_> = self.erased.iter().collect();
        erased.sort_unstable_by_key(|(id, _)| **id);
        w.list(erased.into_iter(), |w, (contact, erased)| {
            w.raw(contact.as_bytes());
            w.raw(erased.fact.as_bytes());
            w.str(erased.reason.as_str());
            w.list(erased.mechanisms.iter(), |w, m| w.len(m.index()));
        });
        w.list(self.merges.stated(), |w, ((absorbed, surviving), fact)| {
            w.raw(absorbed.as_bytes());
            w.raw(surviving.as_bytes());
            w.raw(fact.as_bytes());
        });
        w.list(self.cases.changed().into_iter(), |w, (case, changes)| {
            w.raw(case.as_bytes());
            w.list(changes.iter(), |w, change| change.write(w));
        });
    }

    /// The state that `bytes` were made from, under the same ruleset.
    pub fn restore(rules: Arc<Ruleset>, bytes: &[u8]) -> Result<Self, Damaged> {
        let mut state = Self::new(rules);
        let mut r = Reader::new(bytes);
        r.list(|r| state.read_entry(r))?;
        r.list(|r| state.read_group(r))?;
        state.others = r.list(|r| r.id().map(FactId::from_bytes))?.into_iter().collect();
        r.list(|r| {
            let customer = CustomerKey::from_bytes(r.id()?);
            let facts = r.list(|r| CustomerFact::read(r).map(Arc::new))?;
            state.happened.insert(customer, facts);
            Ok(())
        })?;
        state.read_said(&mut r)?;
        r.end()?;
        state.reassert();
        Ok(state)
    }

    /// What was emitted follows from the rest.
    fn reassert(&mut self) {
        let forms: Vec<_> = self
            .entries
            .iter()
            .filter_map(|(id, e)| e.base.as_ref().map(|base| (*id, self.final_form(base))))
            .collect();
        for (id, form) in forms {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.emitted = Some(form);
            }
        }
    }

    fn read_entry(&mut self, r: &mut Reader<'_>) -> Result<(), Damaged> {
        let id = ContactId::from_bytes(r.id()?);
        let versions = r.list(|r| Ok((r.i64()?, FactId::from_bytes(r.id()?))))?;
        let group = r.option(read_group_id)?;
        let base = r.option(|r| crate::Asserted::read(r).map(Arc::new))?;
        if let Some(case) = base.as_ref().and_then(|base| base.case) {
            self.cases.join(case, id);
        }
        let entry = self.entries.entry(id).or_default();
        versions.into_iter().for_each(|v| entry.versions.insert(v));
        entry.group = group;
        entry.base = base;
        Ok(())
    }

    fn read_group(&mut self, r: &mut Reader<'_>) -> Result<(), Damaged> {
        let id = read_group_id(r)?;
        let mut group = Group::default();
        for part in r.list(read_part)? {
            group.parts.insert(part.record(), Box::new(part));
        }
        let made = r.list(|r| {
            let contact = ContactId::from_bytes(r.id()?);
            Ok((contact, r.list(|r| r.id().map(FactId::from_bytes))?))
        })?;
        group.made = made.into_iter().collect();
        self.groups.insert(id, group);
        Ok(())
    }

    fn read_said(&mut self, r: &mut Reader<'_>) -> Result<(), Damaged> {
        r.list(|r| {
            let contact = ContactId::from_bytes(r.id()?);
            let said = Override {
                at: r.instant()?,
                fact: FactId::from_bytes(r.id()?),
                reason: r.option(Reader::reason)?,
                dumb: r.option(Reader::bool)?,
            };
            self.overrides.insert(contact, said);
            Ok(())
        })?;
        r.list(|r| {
            let contact = ContactId::from_bytes(r.id()?);
            let erased = Erased {
                fact: FactId::from_bytes(r.id()?),
                reason: r.reason()?,
                mechanisms: r.list(|r| r.one_of(Mechanism::ALL))?.into(),
            };
            self.erased.insert(contact, erased);
            Ok(())
        })?;
        r.list(|r| {
            let absorbed = CustomerKey::from_bytes(r.id()?);
            let surviving = CustomerKey::from_bytes(r.id()?);
            self.merges.learn(surviving, absorbed, r.fact()?);
            Ok(())
        })?;
        self.merges.settle();
        r.list(|r| {
            let case = CaseId::from_bytes(r.id()?);
            for change in r.list(CaseChange::read)? {
                self.cases.change(case, change);
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn group_id(w: &mut Writer, id: GroupId) {
    match id {
        GroupId::Legs(root) => {
            w.bool(false);
            w.raw(root.as_bytes());
        }
        GroupId::Messages(case, channel) => {
            w.bool(true);
            w.raw(case.as_bytes());
            w.len(channel.index());
        }
    }
}

fn read_group_id(r: &mut Reader<'_>) -> Result<GroupId, Damaged> {
    if r.bool()? {
        Ok(GroupId::messages(CaseId::from_bytes(r.id()?), r.one_of(Channel::ALL)?))
    } else {
        Ok(GroupId::legs(ContactId::from_bytes(r.id()?)))
    }
}

fn write_part(w: &mut Writer, part: &Part) {
    w.raw(part.fact.as_bytes());
    for text in [&part.origin.system, &part.origin.instance, &part.origin.record] {
        w.str(text);
    }
    w.i64(part.origin.revision);
    w.instant(part.occurred_at);
    w.len(part.precision.index());
    write_recorded(w, &part.recorded);
    crate::asserted::write_classified(w, &part.classified);
    w.option(part.heard.step, |w, step| w.u64(u64::from(step)));
    w.list(part.heard.asked.iter(), crate::asserted::write_asked);
    w.bool(part.heard.by_machine);
    w.u64(u64::from(part.provenance.partition.0));
    w.u64(part.provenance.offset.0);
    w.instant(part.provenance.recorded_at);
}

fn read_part(r: &mut Reader<'_>) -> Result<Part, Damaged> {
    let fact = FactId::from_bytes(r.id()?);
    let mut text = || r.str().map(str::to_owned);
    let (system, instance, record) = (text()?, text()?, text()?);
    let origin = Origin { system, instance, record, revision: r.i64()? };
    let (occurred_at, precision) = (r.instant()?, r.one_of(Precision::ALL)?);
    let recorded = read_recorded(r)?;
    Ok(Part {
        fact,
        record: ContactId::of_record(&origin.system, &origin.instance, &origin.record),
        case: case_of(&origin, &recorded),
        origin,
        occurred_at,
        precision,
        recorded,
        classified: crate::asserted::read_classified(r)?,
        heard: Heard {
            step: r.option(|r| u32::try_from(r.u64()?).map_err(|_| Damaged))?,
            asked: r.list(crate::asserted::read_asked)?,
            by_machine: r.bool()?,
        },
        provenance: Provenance {
            partition: Partition(u32::try_from(r.u64()?).map_err(|_| Damaged)?),
            offset: Offset(r.u64()?),
            recorded_at: r.instant()?,
        },
    })
}

fn write_recorded(w: &mut Writer, c: &ContactRecorded) {
    let text = |w: &mut Writer, t: &Option<String>| w.option(t.as_deref(), Writer::str);
    let texts = |w: &mut Writer, t: &[String]| w.list(t.iter(), |w, t| w.str(t));
    for index in [
        c.kind.index(),
        c.channel.index(),
        c.direction.index(),
        c.strength.index(),
        c.customer_kind.index(),
        c.handle_basis.index(),
        c.state.index(),
    ] {
        w.len(index);
    }
    w.str(&c.channel_raw);
    for t in [&c.root_record, &c.case, &c.language, &c.country, &c.step, &c.queue, &c.agent, &c.source_reason]
    {
        text(w, t);
    }
    for t in [&c.products, &c.orders, &c.source_reasons, &c.flags] {
        texts(w, t);
    }
    w.option(c.customer, |w, k| w.raw(k.as_bytes()));
    w.option(c.wait_ms, Writer::i64);
    w.option(c.handle_ms, Writer::i64);
    w.option(c.abandoned, Writer::bool);
    w.option(c.resolved, Writer::bool);
    w.option(c.transfers, |w, t| w.i64(i64::from(t)));
    w.list(c.attributes.iter(), |w, (name, value)| {
        w.str(name);
        w.str(value);
    });
}

fn read_recorded(r: &mut Reader<'_>) -> Result<ContactRecorded, Damaged> {
    let kind = r.one_of(RecordKind::ALL)?;
    let channel = r.one_of(Channel::ALL)?;
    let direction = r.one_of(Direction::ALL)?;
    let strength = r.one_of(Strength::ALL)?;
    let customer_kind = r.one_of(CustomerKind::ALL)?;
    let handle_basis = r.one_of(HandleBasis::ALL)?;
    let state = r.one_of(SourceState::ALL)?;
    let channel_raw = r.str()?.to_owned();
    let mut text = || r.option(|r| r.str().map(str::to_owned));
    let (root_record, case, language, country) = (text()?, text()?, text()?, text()?);
    let (step, queue, agent, source_reason) = (text()?, text()?, text()?, text()?);
    let mut texts = || r.list(|r| r.str().map(str::to_owned));
    let (products, orders, source_reasons, flags) = (texts()?, texts()?, texts()?, texts()?);
    Ok(ContactRecorded {
        kind,
        root_record,
        case,
        channel,
        channel_raw,
        direction,
        strength,
        customer_kind,
        words: Words::None,
        language,
        country,
        products,
        orders,
        step,
        queue,
        agent,
        handle_basis,
        state,
        source_reason,
        source_reasons,
        flags,
        customer: r.option(|r| r.id().map(CustomerKey::from_bytes))?,
        wait_ms: r.option(Reader::i64)?,
        handle_ms: r.option(Reader::i64)?,
        abandoned: r.option(Reader::bool)?,
        resolved: r.option(Reader::bool)?,
        transfers: r.option(|r| i32::try_from(r.i64()?).map_err(|_| Damaged))?,
        attributes: r.list(|r| Ok((r.str()?.to_owned(), r.str()?.to_owned())))?.into_iter().collect(),
    })
}
