package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// question is one statement, and what takes its answer in.
type question struct {
	// name is what a gap is called.
	name string
	sql  string
	// shape is that of the answer.
	shape shape
	// into is called with the rows as text, in the order of the questions; nil
	// is SQL's NULL.
	into func(rows []row)
}

// row is a row of an answer.
type row [][]byte

// text is a column, empty for NULL, and cut where no server has that much to say.
func (r row) text(i int) string { return short(string(r[i])) }

// mostText is how much of a text of the server is kept, in bytes.
const mostText = 4 << 10

// short cuts a text of the server.
func short(text string) string {
	if len(text) <= mostText {
		return text
	}
	return strings.ToValidUTF8(text[:mostText], "") + "…"
}

func (r row) null(i int) bool { return r[i] == nil }

func (r row) bool(i int) bool { return string(r[i]) == "t" }

// number is a column that is a whole number, 0 for NULL.
func (r row) number(i int) int {
	n, err := strconv.Atoi(string(r[i]))
	if err != nil {
		return 0
	}
	return n
}

// guard stands before each statement, in the same transaction: it limits its
// time and makes it read-only, and is gone with the transaction, so that
// nothing of it stays behind in a pooler.
var guard = "SELECT set_config('statement_timeout', '" + strconv.FormatInt(statementTimeout.Milliseconds(), 10) + "', true), " +
	"set_config('lock_timeout', '" + strconv.FormatInt(lockTimeout.Milliseconds(), 10) + "', true), " +
	"set_config('transaction_read_only', 'on', true)"

// ask sends all questions at once and waits for the server once. Each is a
// transaction of its own: one that fails becomes a gap and keeps no other from
// being answered. An error means that the connection is lost; what it left
// unanswered are gaps too.
func (s *session) ask(ctx context.Context, gap func(pgfacts.Gap), questions ...question) error {
	pipeline := s.conn.StartPipeline(ctx)
	for _, q := range questions {
		pipeline.SendQueryParams(guard, nil, nil, nil, nil)
		pipeline.SendQueryParams(q.sql, nil, nil, nil, nil)
		pipeline.SendPipelineSync()
	}
	lost := func(left []question, err error) error {
		for _, q := range left {
			gap(pgfacts.Gap{Question: q.name, Message: "the connection was lost"})
		}
		_ = pipeline.Close()
		return err
	}
	if err := pipeline.Flush(); err != nil {
		return lost(questions, err)
	}
	for i, q := range questions {
		var rows []row
		var refused *pgconn.PgError
		err := survive(func() (err error) {
			rows, refused, err = answer(pipeline)
			return err
		})
		switch {
		case err != nil:
			return lost(questions[i:], err)
		case refused != nil:
			gap(pgfacts.Gap{Question: q.name, Message: short(refused.Message), SQLState: refused.Code})
		case q.into != nil:
			if err := q.shape.check(rows); err != nil {
				gap(pgfacts.Gap{Question: q.name, Message: err.Error()})
				continue
			}
			q.into(rows)
		}
	}
	return pipeline.Close()
}

// survive calls the driver, for which a server can be too strange.
func survive(driver func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("what the server sent cannot be read")
		}
	}()
	return driver()
}

// statements is how many results the transaction of a question has: that of the
// guard, and that of the question.
const statements = 2

// answer reads up to the end of one question's transaction.
func answer(p *pgconn.Pipeline) (rows []row, refused *pgconn.PgError, err error) {
	for results := 0; ; {
		result, err := p.GetResults()
		if err != nil {
			if !errors.As(err, &refused) {
				return nil, nil, err
			}
			continue
		}
		switch result := result.(type) {
		case *pgconn.PipelineSync:
			if refused == nil && results != statements {
				return nil, nil, errOutOfStep
			}
			return rows, refused, nil
		case *pgconn.ResultReader:
			read := result.Read()
			if read.Err != nil && !errors.As(read.Err, &refused) {
				return nil, nil, read.Err
			}
			results++
			rows = rows[:0]
			for _, values := range read.Rows {
				rows = append(rows, row(values))
			}
		default:
			return nil, nil, errOutOfStep
		}
	}
}

// errOutOfStep says that answers and questions do not belong together anymore.
var errOutOfStep = errors.New("the server left a question unanswered")
