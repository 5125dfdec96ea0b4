//! What is wrong with the files, all of it at once.

use super::super::fault::{Code, Fault, Faults};

/// Faults in the order in which they were found; of a flood the first are told and the rest counted.
#[derive(Debug, Default)]
pub struct Complaints {
    told: Vec<Fault>,
    /// Place, kind and number of those that are not told.
    untold: Option<(Code, String, u64)>,
}

impl Complaints {
    /// So many faults are told.
    pub const MOST: usize = 100;

    /// One more fault.
    pub fn add(&mut self, fault: Fault) {
        match &mut self.untold {
            _ if self.told.len() < Complaints::MOST => self.told.push(fault),
            Some((.., count)) => *count += 1,
            None => self.untold = Some((fault.code, fault.path, 1)),
        }
    }

    /// What was made, if nothing is wrong.
    pub fn verdict<T>(mut self, made: T) -> Result<T, Faults> {
        if let Some((code, path, count)) = self.untold {
            let what = format!("here and further on, {count} more faults");
            self.told.push(Fault::new(code, path, what, "mend those above first"));
        }
        if self.told.is_empty() { Ok(made) } else { Err(Faults(self.told)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_the_first_are_told_and_the_rest_counted() {
        let mut complaints = Complaints::default();
        for line in 1..=Complaints::MOST + 7 {
            complaints.add(Fault::new(Code::WrongType, format!("f:{line}"), "no number", "write one"));
        }
        let Faults(told) = complaints.verdict(()).unwrap_err();
        assert_eq!(told.len(), Complaints::MOST + 1);
        assert_eq!(told[Complaints::MOST].path, format!("f:{}", Complaints::MOST + 1));
        assert_eq!(told[Complaints::MOST].what, "here and further on, 7 more faults");
    }
}
