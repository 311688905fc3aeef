//! The measurements as people read them.

use super::growth::{AtSize, Growth};
use super::{Bench, Rate};
use std::fmt;

const NAME: usize = 20;

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, words: String| {
            writeln!(f, "{name:NAME$}{words}")
        };
        line(
            f,
            "workload W",
            format!("{} paths x 365 days, one core unless said", self.paths),
        )?;
        let kernels = &self.kernels;
        for (name, rate) in [
            ("uniforms", kernels.uniforms_per_second),
            ("normals", kernels.normals_per_second),
            ("exponentials", kernels.exponentials_per_second),
        ] {
            line(
                f,
                name,
                format!("{:.0} M a second ({})", rate / 1e6, self.width),
            )?;
        }
        line(
            f,
            "roof",
            format!(
                "{:.1} M path-days a second: six normals a day and nothing else",
                self.roof_path_days_per_second / 1e6
            ),
        )?;
        for rate in &self.rates {
            line(
                f,
                &format!("{} {}", rate.workload, rate.width),
                rate.to_string(),
            )?;
        }
        for part in &self.time {
            line(
                f,
                &format!("  {}", part.part),
                format!("{:.0} % of a day of unif", 100.0 * part.share),
            )?;
        }
        line(
            f,
            "two threads",
            format!(
                "{:.2} times one; normals alone, nothing shared, {:.2} times",
                self.two_threads, self.two_threads_of_normals
            ),
        )?;
        write!(
            f,
            "{:NAME$}{:.2} single runs",
            "twenty designs", self.twenty_designs
        )?;
        match &self.growth {
            Some(growth) => write!(f, "\n\n{growth}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} M path-days a second, {:.0} % of the roof",
            self.path_days_per_second / 1e6,
            100.0 * self.share_of_roof
        )
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "paths, all threads: seconds, M path-days a second, peak memory"
        )?;
        for run in &self.paths {
            let memory = run
                .peak_memory_mb
                .map_or("not known".to_owned(), |mb| format!("{mb:.1} MB"));
            writeln!(
                f,
                "{:>12}{:>10.3}{:>10.1}{memory:>12}",
                run.paths,
                run.seconds,
                run.path_days_per_second / 1e6
            )?;
        }
        let tables: [(&str, &[AtSize]); 6] = [
            ("days", &self.days),
            ("assets", &self.assets),
            (
                "operators, the largest until a third",
                &self.operators_largest_first,
            ),
            ("operators, the cheapest set", &self.operators_cheapest),
            ("designs on the same paths", &self.designs),
            ("threads", &self.threads),
        ];
        for (k, (name, sizes)) in tables.into_iter().enumerate() {
            writeln!(
                f,
                "\n{name}: nanoseconds a path-day, time in units of the first"
            )?;
            for (j, run) in sizes.iter().enumerate() {
                let end = if k + 1 == tables.len() && j + 1 == sizes.len() {
                    ""
                } else {
                    "\n"
                };
                write!(
                    f,
                    "{:>12}{:>10.1}{:>10.2}{end}",
                    run.size, run.nanoseconds_per_path_day, run.ratio
                )?;
            }
        }
        Ok(())
    }
}
