#pragma once

#include "cell/language/token_stream.hpp"

namespace carousel {

/// The highest tree of an expression; also how deep statements and brackets nest.
constexpr int greatest_height = 200;

/// Reads an expression. Throws LanguageError.
Expression parse_expression(TokenStream& tokens);

/// Reads a shape: `[size, ..]`, one to most_rank of them.
std::vector<Expression> parse_shape(TokenStream& tokens);

/// Reads what stands behind `init`: the name of an initialiser, or a call of one.
Expression parse_initialiser(TokenStream& tokens);

/// Reads what noise is drawn from, such as normal or bernoulli(0.9).
Expression parse_drawn(TokenStream& tokens);

/// Reads what a hyperparameter can be: a number, or, as a `name`, a function of one value or a rule
/// for first values.
Expression parse_hyper_value(TokenStream& tokens);
/// Reads a number with or without a minus, as a `number`.
Expression parse_signed_number(TokenStream& tokens);

}  // namespace carousel
