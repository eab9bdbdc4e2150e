#pragma once

#include "task/problem.hpp"

namespace carousel {

/// A problem with the model that it makes around a cell.
struct ModelUnderTest {
  ModelUnderTest(Cell of, std::unique_ptr<Problem> on, Index hidden,
                 const ModelOptions& options = {})
      : cell(std::move(of)),
        problem(std::move(on)),
        recurrence(cell, hidden, options),
        model(problem->model(recurrence)) {}
  ModelUnderTest(const ModelUnderTest&) = delete;
  ModelUnderTest& operator=(const ModelUnderTest&) = delete;

  const std::vector<ParameterSpec>& parameters() const { return model->parameters(); }

  Cell cell;
  std::unique_ptr<Problem> problem;
  Recurrence recurrence;
  std::unique_ptr<Model> model;
};

}  // namespace carousel
