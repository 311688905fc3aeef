//! What a model file says of each collateral by itself, held against what the set holds.

use super::class::Class;
use super::context::Check;
use crate::spec::collateral::AssetSlash;
use crate::spec::draft_collateral::FractionByAsset;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{Fraction, Quantity, Searchable};
use crate::spec::model::Slashing;
use crate::units::Share;

impl Check<'_> {
    /// Slash fractions of single assets: each must be held, and `slash` must still count for one
    /// if a range is searched for it.
    pub fn slash_by_asset(
        &mut self,
        slashing: &mut Option<Slashing>,
        held: Option<&[Class]>,
    ) -> Option<()> {
        let (Some(slashing), Some(held)) = (slashing, held) else {
            return Some(());
        };
        let mut fits = true;
        for (n, draft) in self.offences().into_iter().enumerate() {
            let key = format!("slashing.offence[{n}].slash_by_asset");
            let Some(given) = &draft.slash_by_asset else {
                if held.len() > 1 {
                    self.assume("A-slash-alike", &key, "one fraction");
                }
                continue;
            };
            let mut own = Vec::new();
            for (class, fraction) in by_class(given.get()) {
                let Some(fraction) = fraction else { continue };
                let key = format!("{key}.{}", class.name());
                if !held.contains(&class) {
                    self.not_held(class, held, fraction, &key);
                    fits = false;
                    continue;
                }
                match self.quantity(fraction, &key) {
                    Some(share) => own.push(AssetSlash {
                        symbol: class.name().to_owned(),
                        slash: Share(share),
                    }),
                    None => fits = false,
                }
            }
            if own.is_empty() && fits {
                self.report(
                    ErrorKind::Empty,
                    given.span(),
                    &key,
                    "`slash_by_asset` names no asset",
                )
                .help = Some("write such as { EIGEN = \"100 %\" }, or leave it out".into());
                fits = false;
            }
            if own.len() == held.len()
                && let Some(Searchable::Search { high, .. }) = draft.slash.get()
            {
                let at = high.0.span();
                let error = self.report(
                    ErrorKind::Contradiction,
                    at,
                    &format!("slashing.offence[{n}].slash"),
                    "a range of `slash` is searched, and every asset has a fraction of its own",
                );
                error.also = Some((given.span(), "these count for all assets".into()));
                error.help = Some("fix `slash`, or leave an asset out of `slash_by_asset`".into());
                fits = false;
            }
            if let Some(offence) = slashing.offences.get_mut(n) {
                offence.slash_by_asset = own;
            }
        }
        fits.then_some(())
    }

    fn not_held(&mut self, class: Class, held: &[Class], fraction: &Quantity<Fraction>, key: &str) {
        let names: Vec<&str> = held.iter().map(|class| class.name()).collect();
        self.report(
            ErrorKind::Contradiction,
            fraction.0.span(),
            key,
            format!("the operators hold no {}", class.name()),
        )
        .help = Some(format!(
            "a slash names strategies of the set (AllocationManager: `StrategyNotInOperatorSet`), and this one holds {}",
            names.join(", ")
        ));
    }
}

/// The given fractions with their assets.
fn by_class(given: &FractionByAsset) -> [(Class, &Option<Quantity<Fraction>>); 6] {
    [
        (Class::Eth, &given.eth),
        (Class::Lst, &given.lst),
        (Class::Eigen, &given.eigen),
        (Class::Btc, &given.btc),
        (Class::Token, &given.token),
        (Class::Own, &given.own),
    ]
}
