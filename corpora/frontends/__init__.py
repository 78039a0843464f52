"""Front ends: text of a dialect to the typed tree of `corpora.ir`. Nothing is ever executed.

| module | holds |
| --- | --- |
| `c_family` | C, C++, CUDA and OpenMP: `parse_c_family`, over tree-sitter's syntax tree |
| `c_tokens` | tokens of the C family, each with its place in the text |
| `c_preprocess` | directives and macros: the token stream a compiler's parser would see |
| `c_directives` | lines of the preprocessor as they stand in a text |
| `c_words` | names that a text uses: called, qualified, plain |
| `c_lambdas` | lambda expressions opened: what they catch, their body as a function |
| `c_types` | scalar types by their names in C and C++ |
| `pragmas` | directives of OpenMP and OpenACC, shared with the Fortran front end |
| `queries` | functions, declarations, what a name refers to, the text of a node |
| `fortran` | Fortran, free and fixed form, with OpenMP directives: `parse_fortran` |
| `fortran_lines` | the lexical layer of Fortran: statements and tokens with offsets |
| `fortran_layout` | fixed form laid out as free form, row by row |
| `fortran_uses` | `use` statements: which module, which of its names |
| `fortran_expressions` | expressions of Fortran, by its table of operators |
| `fortran_kinds` | values of Fortran kind expressions |
| `fortran_scope` | which names are arrays, types and kinds, implicit typing |
| `fortran_declarations` | declarations, and the statements that say more about names |
| `fortran_grammar` | fparser's grammar of statements, cached by shape |
"""
