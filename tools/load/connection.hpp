// One connection and the batch it is about: sent, answered, sent again as told, until it is
// acknowledged; then the next. A request is one gathered write of a head and a prepared body. An
// answer may come before the whole body is sent, when it is refused for its size. Lives on the
// sender's loop.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "load/answer.hpp"
#include "load/sender.hpp"

namespace minuted::load {

class Connection {
 public:
  // Borrows the sender.
  explicit Connection(Sender& sender);

  // Connects and waits for it. kUnavailable if nobody listens.
  Result<void> connect_now();
  // Connects if need be, and goes on until the sender has no more batches.
  void start();
  // There may be a batch for a connection that had none.
  void go_on();
  // To be called every now and then, with the time.
  void check_time(TimePoint now);

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, LoopExecutor>;
  using ErrorCode = boost::system::error_code;

  void connect();
  void connected();
  void send();
  void write_rest(std::size_t written);
  void read();
  void take_bytes(std::size_t bytes);
  void take_answer();
  void take_receipt();
  void refuse(std::string what);
  void send_again_after(std::chrono::milliseconds time);
  void pause(std::chrono::milliseconds time);
  void broke(std::uint64_t& counter);
  void drop();
  void finish_batch(std::uint64_t& counter);
  void next();
  void end();

  Sender& sender_;
  Socket socket_;
  Timer pause_;
  bool open_ = false;     // the socket is connected and in step
  bool paused_ = false;   // waits to send again
  bool writing_ = false;  // the last request is not out yet
  bool ended_ = false;
  std::uint64_t generation_ = 0;  // of the socket: what an earlier one still reports is not heard
  std::optional<Batch> batch_;
  std::uint32_t attempts_ = 0;  // of the batch, or to connect for the first
  TimePoint answer_due_ = TimePoint::max();
  std::string head_;
  Answer answer_;
  std::optional<AnswerParser> parser_;
  std::array<char, 16 << 10> received_;
  std::size_t received_bytes_ = 0;  // not yet taken by the parser
};

}  // namespace minuted::load
