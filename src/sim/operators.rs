//! Who holds the stake of a plan, and what votes weigh.

/// Who holds the stake. An entity is everything that one owner controls.
#[derive(Debug, Clone, PartialEq)]
pub struct Operators {
    /// Number of entities, at least one.
    pub entities: usize,
    /// Slashable tokens, row-major `[entity][asset]`.
    pub tokens: Vec<f64>,
    /// Share of its slashable stake that an entity owns itself, 0..=1.
    pub own_share: Vec<f64>,
    /// Present value of the business that an entity loses, once, if it attacks; USD.
    pub franchise_usd: Vec<f64>,
    /// What a vote weighs.
    pub weights: Weights,
}

/// What a vote weighs.
#[derive(Debug, Clone, PartialEq)]
pub enum Weights {
    /// As much as the slashable stake is worth at the moment.
    SlashableValue,
    /// As much as these tokens are worth at the moment, row-major `[entity][asset]`.
    Tokens(Vec<f64>),
    /// As much as is said here whatever prices do, `[entity]`: shares times multipliers.
    Fixed(Vec<f64>),
    /// Several quorums, at least two: an attacker needs the votes of each.
    Quorums(Vec<Quorum>),
}

/// One of several quorums.
#[derive(Debug, Clone, PartialEq)]
pub struct Quorum {
    /// What a vote in it weighs; not quorums again.
    pub weights: Weights,
    /// The share of its weight that an attacker needs: one in place of each of [`Plan::thresholds`].
    pub thresholds: Vec<f64>,
}

impl Weights {
    /// The several quorums; empty where there is one.
    #[must_use]
    pub fn quorums(&self) -> &[Quorum] {
        match self {
            Weights::Quorums(quorums) => quorums,
            _ => &[],
        }
    }
}

impl Operators {
    /// Tokens of an asset with which an entity votes in the one quorum, where their price is what
    /// its vote weighs.
    #[must_use]
    pub fn voting(&self, entity: usize, asset: usize) -> f64 {
        let tokens = match &self.weights {
            Weights::SlashableValue => &self.tokens,
            Weights::Tokens(tokens) => tokens,
            Weights::Fixed(_) | Weights::Quorums(_) => return 0.0,
        };
        tokens[entity * (tokens.len() / self.entities) + asset]
    }

    pub(super) fn check(&self, assets: usize) {
        let n = self.entities;
        assert!(n >= 1, "a plan without operators");
        assert!(
            self.tokens.len() == n * assets,
            "{} token cells for {n} entities and {assets} assets",
            self.tokens.len()
        );
        assert!(
            self.own_share.len() == n && self.franchise_usd.len() == n,
            "own share or franchise of {n} entities"
        );
        self.weights.check(n, assets);
        assert!(
            self.tokens.iter().all(|t| *t >= 0.0 && t.is_finite()),
            "a negative stake"
        );
        assert!(self.tokens.iter().any(|t| *t > 0.0), "no stake at all");
        assert!(
            self.own_share.iter().all(|s| (0.0..=1.0).contains(s)),
            "an own share out of 0..=1"
        );
        assert!(
            self.franchise_usd
                .iter()
                .all(|f| *f >= 0.0 && f.is_finite()),
            "a negative franchise"
        );
    }
}

impl Weights {
    fn check(&self, entities: usize, assets: usize) {
        let cells = match self {
            Weights::SlashableValue => return,
            Weights::Tokens(tokens) => (tokens, entities * assets),
            Weights::Fixed(votes) => (votes, entities),
            Weights::Quorums(quorums) => {
                assert!(
                    quorums.len() >= 2,
                    "{} quorums are not several",
                    quorums.len()
                );
                for quorum in quorums {
                    assert!(
                        quorum.weights.quorums().is_empty(),
                        "a quorum of quorums: {quorum:?}"
                    );
                    quorum.weights.check(entities, assets);
                }
                return;
            }
        };
        assert!(
            cells.0.len() == cells.1,
            "{} weight cells for {entities} entities",
            cells.0.len()
        );
        assert!(
            cells.0.iter().all(|t| *t >= 0.0 && t.is_finite()),
            "a negative voting weight"
        );
    }
}
