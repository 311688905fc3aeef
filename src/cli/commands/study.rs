//! What `run`, `recommend`, `report` and `export` share: a model, played, with its answer.

use crate::assess::Verdict;
use crate::cli::args::{Format, ModelArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded, LoadedModel};
use crate::cli::output::Output;
use crate::cli::progress;
use crate::export::Deployment;
use crate::random::Seed;
use crate::recommend::{self, Answer, Recommendation, Search, Stage, paths_for};
use crate::report::findings::{Findings, Output as Written};
use crate::report::format;
use crate::run::{self, Addresses, Decided, DeploymentError};
use crate::units::Timestamp;
use std::cell::RefCell;
use std::time::Instant;

/// How much is said beside the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The answer with its levers and shocks.
    Usual,
    /// Which uncertain input decides, too.
    Explained,
}

/// A model with the snapshot that it rests on.
pub struct Study {
    /// The snapshot.
    pub loaded: Loaded,
    /// The model.
    pub model: LoadedModel,
    /// How it is played.
    pub args: ModelArgs,
    /// When the command began.
    pub began: Instant,
}

impl Study {
    /// Reads and checks everything, before any work.
    pub fn open(args: &ModelArgs, output: Output) -> Result<Self, CliError> {
        let began = Instant::now();
        let loaded = load::snapshot(args.play.snapshot.as_deref())?;
        let model = load::model(&args.model, &loaded.snapshot)?;
        let snapshot = &loaded.snapshot;
        // The text for people says it again where it belongs, beside the answer.
        let silent = output.quiet || output.format == Format::Human;
        progress::say(
            "snapshot",
            &format!(
                "{} · {} services, {} operators{}",
                loaded.stamp.label,
                snapshot.avss.len(),
                snapshot.operators.len(),
                if loaded.stamp.reconstructed {
                    " (stake of single operators reconstructed)"
                } else {
                    ""
                }
            ),
            silent,
        );
        progress::say(
            "model",
            &format!(
                "{} · {} · horizon {}",
                model.model.service.name,
                model.model.operators.rule,
                format::days(model.model.target.insecure_within.get())
            ),
            silent,
        );
        Ok(Self {
            loaded,
            model,
            args: args.clone(),
            began,
        })
    }

    /// The command that gives the same answer again.
    pub fn command(&self, verb: &str) -> String {
        let play = &self.args.play;
        let snapshot = play.snapshot.as_ref().map_or_else(String::new, |folder| {
            format!(" --snapshot {}", folder.display())
        });
        format!(
            "stakewright {verb} {}{snapshot} --seed {} --paths {}",
            self.model.file, play.seed, play.paths
        )
    }

    /// Plays, searches and certifies, telling each stage.
    pub fn answer(&self, depth: Depth, output: Output) -> Result<Answer, CliError> {
        progress::catch_interrupt();
        let model = &self.model.model;
        let play = &self.args.play;
        let began = Instant::now();
        let answer = load::on_threads(play, || {
            let bar = RefCell::new(progress::spinner("search", output.quiet));
            bar.borrow().set_message(
                "closed form → shape → risk curve → certify on fresh seeds → frontier → levers",
            );
            let tell = |stage: &Stage| {
                let done = describe(stage);
                // Above the spinner on a terminal, a line of a log elsewhere.
                bar.borrow()
                    .suspend(|| progress::say("", &done, output.quiet));
            };
            let search = Search {
                seed: Seed(play.seed),
                paths: paths_for(model).max(play.paths),
                assess_paths: play.paths,
                progress: &tell,
                cancel: progress::stop_flag(),
            };
            let mut answer = recommend::answer(model, &search);
            if depth == Depth::Explained {
                answer = answer.and_then(|answer| recommend::explain(model, answer, &search));
            }
            bar.borrow().finish_and_clear();
            answer
        })?;
        let answer = answer.ok_or_else(CliError::interrupted)?;
        let search = &answer.recommendation.search;
        progress::say(
            "search",
            &format!(
                "{} ensembles, {} path-days in {:.1} s",
                search.ensembles,
                format::whole(search.path_days),
                began.elapsed().as_secs_f64()
            ),
            output.quiet,
        );
        Ok(answer)
    }

    /// The deployment, or why there is none yet.
    pub fn deployment(
        &self,
        recommendation: &Recommendation,
        addresses: &Addresses,
    ) -> Result<Deployment, DeploymentError> {
        let now = jiff::Timestamp::now().as_second().max(0) as u64;
        run::deployment(
            &self.model.model,
            &self.loaded.snapshot,
            &Decided::of(recommendation),
            addresses,
            Timestamp(now),
        )
    }

    /// The report's view of an answer.
    pub fn findings(
        &self,
        verb: &str,
        answer: &Answer,
        deployment: Option<&Deployment>,
        outputs: Vec<Written>,
    ) -> Findings {
        run::findings(&run::Subject {
            model: &self.model.model,
            model_file: &self.model.file,
            model_sha256: &self.model.sha256,
            snapshot: &self.loaded.snapshot,
            stamp: &self.loaded.stamp,
            recommendation: &answer.recommendation,
            ensemble: &answer.ensemble,
            seed: self.args.play.seed,
            command: &self.command(verb),
            config: deployment.map(run::config_entries).unwrap_or_default(),
            outputs,
        })
    }
}

/// The exit code that an answer deserves.
pub fn exit(recommendation: &Recommendation, require_safe: bool) -> Exit {
    if recommendation.infeasible.is_some() {
        Exit::Infeasible
    } else if require_safe && recommendation.verdict != Verdict::Safe {
        Exit::Below
    } else {
        Exit::Ok
    }
}

/// What a stage found, on one line.
pub(super) fn describe(stage: &Stage) -> String {
    match stage {
        Stage::Analytic {
            stake_usd: Some(stake),
        } => {
            format!("closed form   {}", format::usd(*stake))
        }
        Stage::Analytic { stake_usd: None } => "closed form   none for this model".to_owned(),
        Stage::Shape {
            candidates,
            budget_usd_year,
        } => format!(
            "shape         {candidates} designs tried, the cheapest {}",
            format::usd_per_year(*budget_usd_year)
        ),
        Stage::Curve { paths, stake_usd } => format!(
            "stake         {} from {} paths",
            format::usd(*stake_usd),
            format::whole(*paths)
        ),
        Stage::Certified {
            look,
            paths,
            failures,
            verdict,
        } => format!(
            "certificate   {failures} of {} fresh paths insecure: {verdict}{}",
            format::whole(*paths),
            if *look > 1 {
                format!(" (look {look})")
            } else {
                String::new()
            }
        ),
        Stage::Frontier { points } => format!("frontier      {points} points"),
        Stage::Stages { count } => format!("stages        {count} certified"),
        Stage::Policies { days } => format!("policies      {days} days"),
        Stage::Levers { count } => format!("levers        {count}"),
        Stage::Shocks { count } => format!("shocks        {count}"),
        Stage::Influences { inputs, samples } => {
            format!("influences    {inputs} inputs, {samples} samples")
        }
        Stage::Collateral { rows } => format!("collateral    {rows} kinds"),
    }
}
