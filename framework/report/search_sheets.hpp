#pragma once

#include <vector>

#include "report/sheet.hpp"
#include "report/summary.hpp"

namespace carousel {

/// What a search says beside its best draw, for each data set on which one ran: the best tenth of
/// each cell's draws against that of the first cell (as Greff et al. 2015, section 5.A), and which
/// of the drawn keys the spread of the draws comes from (importance_of()). Without sheets where no
/// cell has enough draws. rows: summarise(results).
std::vector<Sheet> search_sheets(const StudyResults& results, const std::vector<SummaryRow>& rows);

}  // namespace carousel
