//! How malicious operators are punished, and what the protocol allows.

use super::context::{Check, settled};
use super::holdings::Class;
use super::operators::{map, share_choice};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, Frequency, Quantity, Searchable};
use crate::spec::model::{Choice, Detection, Fault, Offence, Slashing, Verification, Veto};
use crate::spec::parameters::EXIT_WINDOW;
use crate::spec::quantity::{Dimension, show};
use crate::units::{Days, PerYear, Share};
use std::ops::Range;

impl Check<'_> {
    pub fn slashing(
        &mut self,
        draft: &draft::Slashing,
        verification: Option<Verification>,
    ) -> Option<Slashing> {
        let offences = draft.offence.get()?;
        self.unique_names(
            offences.iter().filter_map(|o| o.get().name.get()),
            "slashing.offence",
        );
        let offences: Vec<Option<Offence>> = offences
            .iter()
            .enumerate()
            .map(|(n, o)| self.offence(n, o.get(), verification))
            .collect();
        Some(Slashing {
            offences: offences.into_iter().collect::<Option<Vec<_>>>()?,
        })
    }

    fn offence(
        &mut self,
        n: usize,
        draft: &draft::Offence,
        verification: Option<Verification>,
    ) -> Option<Offence> {
        let key = |name: &str| format!("slashing.offence[{n}].{name}");
        let name = draft
            .name
            .get()
            .and_then(|name| self.name(name, &key("name")));
        let fault = draft.fault.get().map(|f| *f.get());
        let slash = draft
            .slash
            .get()
            .and_then(|s| self.choice(s, &key("slash")));
        let attributable = self.attributable(
            draft.attributable.as_ref(),
            &key("attributable"),
            fault,
            verification,
        );
        let detection = draft.detection.get().and_then(|d| match d {
            draft::Detection::Probability(p) => self
                .quantity(p, &key("detection.probability"))
                .map(|p| Detection::Probability(Share(p))),
            draft::Detection::Mean(mean) => self
                .quantity(mean, &key("detection.mean"))
                .map(|days| Detection::Exponential { mean: Days(days) }),
        });
        let dispute = draft
            .dispute
            .get()
            .and_then(|d| self.choice(d, &key("dispute")));
        let veto = draft.veto.as_ref().map(|v| self.veto(v, &key("veto")));
        let executes =
            self.quantity_or::<Fraction>(draft.executes.as_ref(), &key("executes"), "A-executes");
        let redistributed = self.quantity_or::<Fraction>(
            draft.redistributed.as_ref(),
            &key("redistributed"),
            "A-burned",
        );
        let recaptured = self.recaptured(draft, redistributed, &key("recaptured"));
        let accidental = self.quantity_or::<Frequency>(
            draft.accidental.as_ref(),
            &key("accidental"),
            "A-accidental",
        );
        let correlated = draft
            .correlated
            .as_ref()
            .map(|given| self.correlated(given, &key("correlated")));
        let evidence = self.evidence(draft.evidence.as_ref(), verification, &key("evidence"));
        if let (Some(dispute), Some(given)) = (dispute, draft.dispute.get()) {
            self.fits_window(
                dispute,
                given,
                draft.veto.as_ref(),
                veto.flatten(),
                &key("dispute"),
            );
        }
        Some(Offence {
            name: name?,
            fault: fault?,
            slash: share_choice(slash?),
            // What the set holds is not known yet.
            slash_by_asset: Vec::new(),
            attributable: Share(attributable?),
            detection: detection?,
            dispute: map(dispute?, Days),
            veto: settled(veto)?,
            executes: Share(executes?),
            redistributed: Share(redistributed?),
            recaptured: Share(recaptured?),
            accidental: PerYear(accidental?),
            correlated: settled(correlated)?,
            evidence,
        })
    }

    /// The factor of a correlated penalty: below one it never takes the whole stake.
    fn correlated(&mut self, given: &At<f64>, key: &str) -> Option<f64> {
        let factor = self.number(given, 0.0..=1000.0, key)?;
        if factor > 0.0 {
            return Some(factor);
        }
        self.report(
            ErrorKind::Domain,
            given.span(),
            key,
            "a penalty with a factor of 0 takes nothing",
        )
        .help = Some("Ethereum's beacon chain has 3; leave the key out for a flat slash".into());
        None
    }

    fn attributable(
        &mut self,
        given: Option<&Quantity<Fraction>>,
        key: &str,
        fault: Option<Fault>,
        verification: Option<Verification>,
    ) -> Option<f64> {
        if let Some(given) = given {
            return self.quantity(given, key);
        }
        let id = match (fault?, verification?) {
            (Fault::Liveness, _) => "A-attributable-liveness",
            (Fault::Safety, Verification::Onchain | Verification::Proof) => {
                "A-attributable-onchain"
            }
            (Fault::Safety, Verification::Quorum) => "A-attributable-quorum",
            (Fault::Safety, Verification::Intersubjective) => "A-attributable-intersubjective",
        };
        Some(self.default::<Fraction>(id, key))
    }

    fn veto(&mut self, at: &At<draft::Veto>, key: &str) -> Option<Veto> {
        let draft = at.get();
        let window = draft
            .window
            .get()
            .and_then(|w| self.choice(w, &format!("{key}.window")));
        let probability = draft
            .probability
            .get()
            .and_then(|p| self.quantity(p, &format!("{key}.probability")));
        Some(Veto {
            window: map(window?, Days),
            probability: Share(probability?),
        })
    }

    /// What returns to the attacker is part of what is redistributed.
    fn recaptured(
        &mut self,
        draft: &draft::Offence,
        redistributed: Option<f64>,
        key: &str,
    ) -> Option<f64> {
        let Some(given) = &draft.recaptured else {
            let nothing = redistributed == Some(0.0);
            return Some(if nothing {
                0.0
            } else {
                self.default::<Fraction>("A-recaptured", key)
            });
        };
        let recaptured = self.quantity(given, key)?;
        if recaptured <= redistributed? {
            return Some(recaptured);
        }
        let message = match &draft.redistributed {
            Some(_) => "more returns to the attacker than is redistributed",
            None => "what is burned cannot return to the attacker",
        };
        let span = given.0.span();
        let other = draft
            .redistributed
            .as_ref()
            .map(|r| (r.0.span(), "redistributed".to_owned()));
        let error = self.report(ErrorKind::Contradiction, span, key, message);
        error.also = other;
        error.help = Some("write `redistributed`: the share of the slashed stake that a redistributing set passes on".into());
        None
    }

    /// A slash after the stake has left takes nothing.
    pub fn fits_window(
        &mut self,
        dispute: Choice<f64>,
        given: &Searchable<Quantity<crate::spec::leaf::Span>>,
        veto_at: Option<&At<draft::Veto>>,
        veto: Option<Veto>,
        key: &str,
    ) {
        let veto_days = veto.map_or(0.0, |v| v.window.high().get());
        let longest = dispute.high() + veto_days;
        let window = EXIT_WINDOW.get();
        if longest < window {
            return;
        }
        let at: Range<usize> = match given {
            Searchable::Fixed(fixed) => fixed.0.span(),
            Searchable::Search { high, .. } => high.0.span(),
        };
        let shown = show(longest, Dimension::Span);
        let rest = show((window - veto_days).max(0.0), Dimension::Span);
        let message = format!(
            "dispute and veto take {shown}, and an operator that leaves is out of reach after {window} days"
        );
        let error = self.report(ErrorKind::Protocol, at, key, message);
        error.label = "the dispute".into();
        error.also = veto_at.map(|v| (v.span(), "the veto".into()));
        if veto_days >= window {
            error.help = Some(
                "shorten the veto: it alone takes all of the window, the protocol's DEALLOCATION_DELAY of 100800 blocks (ELIP-002), and detection takes time too"
                    .into(),
            );
            return;
        }
        error.help = Some(format!(
            "stay well below {rest} of dispute, since detection takes time too; the window is the protocol's DEALLOCATION_DELAY of 100800 blocks (ELIP-002)"
        ));
    }

    /// Redistribution of native ETH and EIGEN is forbidden by the protocol.
    pub fn forbid_redistribution(&mut self, held: Option<&[Class]>) {
        let Some(held) = held else { return };
        let forbidden: Vec<&str> = held
            .iter()
            .filter(|c| matches!(c, Class::Eth | Class::Eigen))
            .map(|c| c.name())
            .collect();
        if forbidden.is_empty() {
            return;
        }
        for (n, offence) in self.offences().into_iter().enumerate() {
            let Some(given) = &offence.redistributed else {
                continue;
            };
            let key = format!("slashing.offence[{n}].redistributed");
            let noted = self.errors.len();
            let share = self.quantity(given, &key);
            self.errors.truncate(noted);
            if share.is_none_or(|share| share <= 0.0) {
                continue;
            }
            let message = format!(
                "the protocol does not redistribute {}",
                forbidden.join(" and ")
            );
            self.report(ErrorKind::Protocol, given.0.span(), &key, message).help = Some(
                "a redistributing operator set takes no native ETH and no EIGEN (ELIP-006): leave them out with `operators.assets`, such as [\"LST\"], or burn"
                    .into(),
            );
        }
    }
}
