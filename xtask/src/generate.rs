//! `cargo xtask generate`: made-up daily drops of the real data's shape, of any size, the same for the same seed.

mod company;
mod files;
mod invoice;
mod random;
mod stories;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use chrono::NaiveDate;
use clap::Args;

use company::Company;
use files::{Drop, Written};

/// The invoices and organizations of the data set this was first built for.
const LARGE: (u64, u64) = (12_708_796, 21_806);

/// Makes drops: a folder per date with invoices.csv and organizations.csv in it.
#[derive(Debug, Args)]
pub struct Generate {
    /// Where the dated folders go
    #[arg(long, default_value = "csv_data")]
    out: PathBuf,
    /// A date to make a drop for; may be given again [default: 2026-11-20, -21 and -22]
    #[arg(long = "date", value_name = "YYYY-MM-DD")]
    dates: Vec<NaiveDate>,
    /// Invoices of the first day; a 500th is added each day
    #[arg(long, default_value_t = 2_250)]
    invoices: u64,
    /// Organizations, the awkward ones included
    #[arg(long, default_value_t = 300)]
    organizations: u64,
    /// The same seed makes the same files
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The real size: 12,708,796 invoices of 21,806 organizations, and one date unless more are named
    #[arg(long, conflicts_with_all = ["invoices", "organizations"])]
    large: bool,
    /// Leave out the three lines of the second day that can't be read
    #[arg(long)]
    clean: bool,
    /// Say who the awkward customers are, and write nothing
    #[arg(long)]
    stories: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

impl Generate {
    /// Drops in which every line can be read.
    pub fn clean_drops(out: PathBuf, dates: Vec<NaiveDate>, invoices: u64, organizations: u64) -> Self {
        Self {
            out,
            dates,
            invoices,
            organizations,
            seed: 7,
            large: false,
            clean: true,
            stories: false,
            force: false,
        }
    }
}

/// Writes the drops and says what was written.
pub fn run(options: &Generate) -> anyhow::Result<()> {
    let first = first_day()?;
    let (invoices, organizations) =
        if options.large { LARGE } else { (options.invoices, options.organizations) };
    let dates = match options.dates.as_slice() {
        [] if options.large => vec![first],
        [] => first.iter_days().take(3).collect(),
        dates => dates.to_vec(),
    };
    let company = Company::new(options.seed, organizations);
    if options.stories {
        return tell_stories(&company);
    }
    for date in dates {
        // Before the first day everything is as on the first day.
        let day = u32::try_from((date - first).num_days()).unwrap_or(0);
        let drop = Drop { day, invoices, broken_lines: day == 1 && !options.clean };
        let folder = options.out.join(date.to_string());
        let start = Instant::now();
        let written = files::write(&company, drop, &folder, options.force)?;
        report(&folder, written, start.elapsed().as_secs_f64())?;
    }
    Ok(())
}

/// The day that all drops are counted from.
fn first_day() -> anyhow::Result<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 11, 20).context("20 November 2026 is a date")
}

fn tell_stories(company: &Company) -> anyhow::Result<()> {
    company
        .stories()
        .try_for_each(|(organization, story)| {
            writeln!(std::io::stdout(), "{:>20}  {}", organization.id, story.name)
        })
        .context("failed to write to standard output")
}

fn report(folder: &std::path::Path, written: Written, seconds: f64) -> anyhow::Result<()> {
    let kilobytes = u32::try_from(written.bytes / 1000).unwrap_or(u32::MAX);
    writeln!(
        std::io::stdout(),
        "{}: {} invoices, {} organizations, {:.1} MB in {seconds:.1} s",
        folder.display(),
        written.invoices,
        written.organizations,
        f64::from(kilobytes) / 1000.0
    )
    .context("failed to write to standard output")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Generate, run};

    fn options(out: &Path) -> Generate {
        Generate {
            out: out.to_path_buf(),
            dates: Vec::new(),
            invoices: 2_250,
            organizations: 300,
            seed: 7,
            large: false,
            clean: false,
            stories: false,
            force: false,
        }
    }

    #[test]
    fn the_committed_drops_are_what_the_generator_makes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        run(&options(folder.path())).expect("drops");
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../csv_data");
        for date in ["2026-11-20", "2026-11-21", "2026-11-22"] {
            for file in ["invoices.csv", "organizations.csv"] {
                let made = fs::read(folder.path().join(date).join(file)).expect("made");
                let kept = fs::read(committed.join(date).join(file)).expect("committed");
                assert!(made == kept, "{date}/{file}: run `cargo xtask generate --force` and commit");
            }
        }
    }

    #[test]
    fn files_that_are_there_are_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        run(&options(folder.path())).expect("drops");
        let refused = run(&options(folder.path())).expect_err("a refusal");
        assert!(refused.to_string().contains("is there already"), "{refused}");
        run(&Generate { force: true, ..options(folder.path()) }).expect("replaced");
    }
}
