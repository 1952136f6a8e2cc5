// SPDX-License-Identifier: MIT
//
// One bidirectional gRPC stream over a UNIX socket, by the synchronous interface, insecure: its
// cheapest form. Far is the server. gRPC does not survive a fork, so all of it begins after.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/scratch_folder.hpp"
#include "exchange.grpc.pb.h"

#include <grpcpp/grpcpp.h>
#include <chrono>
#include <cstring>
#include <future>

namespace outboard::bench::ipc {

namespace {

constexpr std::chrono::seconds patience{10};

void copy_out(const Payload& payload, std::span<std::byte> message)
{
    const std::string& content = payload.content();
    if (content.size() != message.size())
        throw std::runtime_error{"a message of " + std::to_string(content.size()) + " bytes came"};
    std::memcpy(message.data(), content.data(), content.size());
}

/// @tparam Stream  of the client or of the server
template <typename Stream>
class GrpcEnd : public End {
public:
    void send(std::span<const std::byte> message) override
    {
        out_.set_content(message.data(), message.size());
        if (!stream_->Write(out_))
            throw std::runtime_error{"the gRPC stream has ended"};
    }

    void receive(std::span<std::byte> message) override
    {
        if (!stream_->Read(&in_))
            throw std::runtime_error{"the gRPC stream has ended"};
        copy_out(in_, message);
    }

protected:
    void use(Stream* stream) noexcept { stream_ = stream; }

private:
    Stream* stream_ = nullptr;
    Payload out_;
    Payload in_;
};

using ServerStream = grpc::ServerReaderWriter<Payload, Payload>;
using ClientStream = grpc::ClientReaderWriter<Payload, Payload>;

/// Hands the one stream to the side's own thread and keeps it open.
class ExchangeService final : public Exchange::Service {
public:
    grpc::Status Stream(grpc::ServerContext* /*context*/, ServerStream* stream) override
    {
        stream_.set_value(stream);
        finished_.get_future().wait();
        return grpc::Status::OK;
    }

    [[nodiscard]] ServerStream* await_stream()
    {
        auto future = stream_.get_future();
        if (future.wait_for(patience) != std::future_status::ready)
            throw std::runtime_error{"the gRPC client did not come"};
        return future.get();
    }

    void finish() { finished_.set_value(); }

private:
    std::promise<ServerStream*> stream_;
    std::promise<void> finished_;
};

class FarEnd final : public GrpcEnd<ServerStream> {
public:
    explicit FarEnd(const std::string& address)
    {
        grpc::ServerBuilder builder;
        builder.AddListeningPort(address, grpc::InsecureServerCredentials());
        builder.RegisterService(&service_);
        server_ = builder.BuildAndStart();
        if (!server_)
            throw std::runtime_error{"the gRPC server does not start"};
        use(service_.await_stream());
    }
    ~FarEnd() override { service_.finish(); }
    FarEnd(const FarEnd&) = delete;
    FarEnd(FarEnd&&) = delete;
    FarEnd& operator=(const FarEnd&) = delete;
    FarEnd& operator=(FarEnd&&) = delete;

private:
    ExchangeService service_;
    std::unique_ptr<grpc::Server> server_;
};

class NearEnd final : public GrpcEnd<ClientStream> {
public:
    explicit NearEnd(const std::string& address) : channel_(connect(address))
    {
        client_ = Exchange::NewStub(channel_);
        stream_ = client_->Stream(&context_);
        use(stream_.get());
    }

private:
    [[nodiscard]] static std::shared_ptr<grpc::Channel> connect(const std::string& address)
    {
        // The server may start a little later.
        constexpr int retry_ms = 10;
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, retry_ms);
        arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, retry_ms);
        arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, retry_ms);
        auto channel =
            grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
        if (!channel->WaitForConnected(std::chrono::system_clock::now() + patience))
            throw std::runtime_error{"the gRPC server does not answer"};
        return channel;
    }

    std::shared_ptr<grpc::Channel> channel_;
    grpc::ClientContext context_;
    std::unique_ptr<Exchange::Stub> client_;
    std::unique_ptr<ClientStream> stream_;
};

class GrpcChannel final : public Channel {
public:
    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        const std::string address = "unix:" + folder_.file("socket");
        if (side == Side::near)
            return std::make_unique<NearEnd>(address);
        return std::make_unique<FarEnd>(address);
    }

private:
    ScratchFolder folder_;
};

}  // namespace

std::unique_ptr<Channel> open_grpc(const Setup& /*setup*/)
{
    return std::make_unique<GrpcChannel>();
}

}  // namespace outboard::bench::ipc
